#include "examples/translate/model/batch.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "autograd/error.h"
#include "examples/translate/text/vocabulary.h"

namespace gradus::translate {

namespace {

/// Fisher and Yates; by hand, since std::shuffle differs between standard libraries.
template <class T>
void shuffle(std::vector<T>& items, std::mt19937_64& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random() % i]);
}

/// Positions of the sequences, longest first; equal lengths keep their order.
template <class Length>
std::vector<int> longest_first(int count, Length length) {
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return length(a) > length(b); });
  return order;
}

/// The pairs that are sorted by length together.
std::size_t pool_size(std::span<const Pair> pairs, BatchSize size) {
  const std::size_t batches = size.pool;
  if (size.target_words == 0) return batches * size.pairs;
  std::size_t words = 0;
  for (const Pair& pair : pairs) words += pair.target.size();
  return std::max<std::size_t>(1, batches * size.target_words * pairs.size() / std::max<std::size_t>(words, 1));
}

/// Time by time, the sequences that are longer than t. `at(i, t)` is what sequence i has at step t.
template <class At>
std::vector<int> pack_words(std::span<const int> lengths, At at) {
  std::vector<int> words;
  words.reserve(std::accumulate(lengths.begin(), lengths.end(), std::size_t{0}));
  const int steps = lengths.empty() ? 0 : lengths.front();
  for (int t = 0; t < steps; ++t) {
    for (int i = 0; i < static_cast<int>(lengths.size()) && lengths[i] > t; ++i) words.push_back(at(i, t));
  }
  return words;
}

/// The source half of a batch. `source(i)` is the i-th sentence; returns the sentences' numbers in the batch's order.
template <class Source>
std::vector<int> add_sources(Batch& batch, int count, Source source) {
  const std::vector<int> order = longest_first(count, [&](int i) { return source(i).size(); });
  for (int i : order) {
    if (source(i).empty()) fail("batch: sentence {} is empty; every sentence has at least its </s>", i);
    batch.source_lengths.push_back(static_cast<int>(source(i).size()));
  }
  batch.source_ids = pack_words(batch.source_lengths, [&](int i, int t) { return source(order[i])[t]; });
  return order;
}

}

Batch make_batch(std::span<const Pair> pairs, std::span<const int> chosen) {
  Batch batch;
  const int count = static_cast<int>(chosen.size());
  const auto source = [&](int i) -> const std::vector<int>& { return pairs[chosen[i]].source; };
  const auto target = [&](int i) -> const std::vector<int>& { return pairs[chosen[i]].target; };
  const std::vector<int> by_source = add_sources(batch, count, source);
  const std::vector<int> by_target = longest_first(count, [&](int i) { return target(i).size(); });

  std::vector<int> source_row(count);
  for (int row = 0; row < count; ++row) source_row[by_source[row]] = row;
  for (int i : by_target) {
    if (target(i).empty()) fail("batch: target sentence {} is empty; every sentence has at least its </s>", chosen[i]);
    batch.order.push_back(source_row[i]);
    batch.pairs.push_back(chosen[i]);
    batch.target_lengths.push_back(static_cast<int>(target(i).size()));
  }
  const auto word = [&](int i, int t) { return target(by_target[i])[t]; };
  batch.target_outputs = pack_words(batch.target_lengths, word);
  batch.target_inputs =
      pack_words(batch.target_lengths, [&](int i, int t) { return t == 0 ? Vocabulary::kBegin : word(i, t - 1); });
  return batch;
}

Batch make_source_batch(std::span<const std::vector<int>> sources, std::span<const int> chosen) {
  Batch batch;
  const auto source = [&](int i) -> const std::vector<int>& { return sources[chosen[i]]; };
  for (int i : add_sources(batch, static_cast<int>(chosen.size()), source)) batch.pairs.push_back(chosen[i]);
  batch.order.resize(chosen.size());
  std::iota(batch.order.begin(), batch.order.end(), 0);
  return batch;
}

std::vector<std::vector<int>> deal_batches(std::span<const Pair> pairs, BatchSize size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<int> all(pairs.size());
  std::iota(all.begin(), all.end(), 0);
  shuffle(all, random);

  std::vector<std::vector<int>> result;
  const std::size_t pool = pool_size(pairs, size);
  for (std::size_t begin = 0; begin < all.size(); begin += pool) {
    const std::span sorted = std::span(all).subspan(begin, std::min(pool, all.size() - begin));
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](int a, int b) { return pairs[a].source.size() > pairs[b].source.size(); });
    std::vector<std::vector<int>> batches;
    int words = 0;
    for (const int pair : sorted) {
      const int own = static_cast<int>(pairs[pair].target.size());
      const bool full =
          !batches.empty() && (size.target_words > 0 ? words + own > size.target_words
                                                     : static_cast<int>(batches.back().size()) == size.pairs);
      if (batches.empty() || full) {
        batches.emplace_back();
        words = 0;
      }
      batches.back().push_back(pair);
      words += own;
    }
    shuffle(batches, random);
    std::move(batches.begin(), batches.end(), std::back_inserter(result));
  }
  return result;
}

std::vector<std::vector<int>> cut_shards(std::span<const Pair> pairs, std::span<const int> batch, int shards) {
  // Dealing the sentences out like cards, longest first, gives every shard nearly the same number of words.
  std::vector<int> sorted(batch.begin(), batch.end());
  const auto work = [&](int i) { return pairs[i].source.size() + pairs[i].target.size(); };
  std::stable_sort(sorted.begin(), sorted.end(), [&](int a, int b) { return work(a) > work(b); });
  std::vector<std::vector<int>> result(shards);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const std::size_t round = i / shards, place = i % shards;
    result[round % 2 == 0 ? place : shards - 1 - place].push_back(sorted[i]);
  }
  return result;
}

}
