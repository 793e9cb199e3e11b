#include "examples/translate/model/batch.h"

#include <algorithm>
#include <numeric>

#include "autograd/error.h"

namespace gradus::translate {

namespace {

/// Positions of the sequences, longest first; equal lengths keep their order.
template <class Length>
std::vector<int> longest_first(int count, Length length) {
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return length(a) > length(b); });
  return order;
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

Batch make_batch(Pairs pairs, std::span<const int> chosen) {
  Batch batch;
  const int count = static_cast<int>(chosen.size());
  const auto source = [&](int i) { return pairs.source(chosen[i]); };
  const auto target = [&](int i) { return pairs.target(chosen[i]); };
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
      pack_words(batch.target_lengths, [&](int i, int t) { return t == 0 ? kBegin : word(i, t - 1); });
  return batch;
}

std::vector<int> twice(std::span<const int> chosen) {
  std::vector<int> result;
  for (const int pair : chosen) result.insert(result.end(), 2, pair);
  return result;
}

Batch make_source_batch(std::span<const std::vector<int>> sources, std::span<const int> chosen) {
  Batch batch;
  const auto source = [&](int i) -> const std::vector<int>& { return sources[chosen[i]]; };
  for (int i : add_sources(batch, static_cast<int>(chosen.size()), source)) batch.pairs.push_back(chosen[i]);
  batch.order.resize(chosen.size());
  std::iota(batch.order.begin(), batch.order.end(), 0);
  return batch;
}

std::vector<std::vector<int>> cut_shards(Pairs pairs, std::span<const int> batch, int shards) {
  // Dealing the sentences out like cards, longest first, gives every shard nearly the same number of words.
  std::vector<int> sorted(batch.begin(), batch.end());
  const auto work = [&](int i) { return pairs.source(i).size() + pairs.target(i).size(); };
  std::stable_sort(sorted.begin(), sorted.end(), [&](int a, int b) { return work(a) > work(b); });
  std::vector<std::vector<int>> result(shards);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const std::size_t round = i / shards, place = i % shards;
    result[round % 2 == 0 ? place : shards - 1 - place].push_back(sorted[i]);
  }
  return result;
}

}
