#pragma once

#include <span>
#include <vector>

#include "examples/translate/base/pairs.h"

namespace gradus::translate {

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
Batch make_batch(Pairs pairs, std::span<const int> chosen);

/// The numbers, each twice in a row. In a batch of them the two of each pair stay together, also word by word: rows
/// 2i and 2i + 1 of the targets are one word.
std::vector<int> twice(std::span<const int> chosen);

/// Packs sources only, for translating.
Batch make_source_batch(std::span<const std::vector<int>> sources, std::span<const int> chosen);

/// Cuts a batch into `shards` parts of nearly equal work, in a fixed order; parts may be empty if there are few pairs.
std::vector<std::vector<int>> cut_shards(Pairs pairs, std::span<const int> batch, int shards);

}
