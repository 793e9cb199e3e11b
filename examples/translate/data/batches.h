#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "examples/translate/base/pairs.h"

namespace gradus::translate {

/// How large a batch is: so many pairs, or, if `target_words` is not 0, so many words on the target side.
struct BatchSize {
  int pairs = 64;
  int target_words = 0;
  int pool = 100;  ///< batches that are sorted by length together
};

/// The pairs of an epoch in their order, cut into batches: 4 bytes a pair, and 8 a batch.
class Batches {
 public:
  std::size_t size() const { return ends_.size(); }
  /// The pairs of a batch.
  std::span<const int> operator[](std::size_t batch) const;
  /// The pairs of `count` batches from `begin` on.
  std::vector<std::vector<int>> some(std::size_t begin, std::size_t count) const;

 private:
  friend Batches deal_batches(Pairs pairs, BatchSize size, std::uint64_t seed);

  std::vector<int> order_;
  std::vector<std::size_t> ends_;  // of the batches in `order_`
};

/// Deals a corpus into batches of pairs of similar source length: shuffles all pairs, sorts pools of some batches by
/// length, cuts them, and shuffles the batches of each pool. A batch of words takes pairs as long as they fit in, one
/// at least. The same seed gives the same batches everywhere.
Batches deal_batches(Pairs pairs, BatchSize size, std::uint64_t seed);

}
