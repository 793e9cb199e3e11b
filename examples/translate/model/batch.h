#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gradus::translate {

/// A sentence pair as word numbers, each side ending with </s>.
struct Pair {
  std::vector<int> source, target;
};

/// What one shard of a step computes on: sentences without padding, time by time, as `Packing` describes. The encoder
/// sees the sources longest first, the decoder the targets longest first; `order` ties the two together.
struct Batch {
  std::vector<int> source_ids;      ///< (sum of source lengths) packed
  std::vector<int> source_lengths;  ///< (B), not increasing
  std::vector<int> order;           ///< (B) sentence i of the decoder is source order[i]
  std::vector<int> target_inputs;   ///< (sum of target lengths) packed: <s> and the words
  std::vector<int> target_outputs;  ///< the same, one step later: the words and </s>
  std::vector<int> target_lengths;  ///< (B), not increasing; empty when translating
  std::vector<int> pairs;           ///< (B) which of the given pairs sentence i of the decoder is

  int size() const { return static_cast<int>(order.size()); }
};

/// Packs the pairs with the given numbers. Throws for an empty side.
Batch make_batch(std::span<const Pair> pairs, std::span<const int> chosen);

/// Packs sources only, for translating.
Batch make_source_batch(std::span<const std::vector<int>> sources, std::span<const int> chosen);

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

/// Cuts a batch into `shards` parts of nearly equal work, in a fixed order; parts may be empty if there are few pairs.
std::vector<std::vector<int>> cut_shards(std::span<const Pair> pairs, std::span<const int> batch, int shards);

}
