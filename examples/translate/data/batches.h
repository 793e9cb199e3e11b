#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "examples/translate/base/word_ids.h"

namespace gradus::translate {

/// How large a batch is: so many pairs, or, if `target_words` is not 0, so many words on the target side.
struct BatchSize {
  int pairs = 64;
  int target_words = 0;
  int pool = 100;  ///< batches that are sorted by length together
};

/// Deals a corpus into batches of pairs of similar source length: shuffles all pairs, sorts pools of some batches by
/// length, cuts them, and shuffles the batches of each pool. A batch of words takes pairs as long as they fit in, one
/// at least. The same seed gives the same batches everywhere.
std::vector<std::vector<int>> deal_batches(std::span<const Pair> pairs, BatchSize size, std::uint64_t seed);

}
