#include "examples/translate/data/batches.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

namespace gradus::translate {

namespace {

/// Fisher and Yates; by hand, since std::shuffle differs between standard libraries.
template <class T>
void shuffle(std::vector<T>& items, std::mt19937_64& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random() % i]);
}

/// The pairs that are sorted by length together.
std::size_t pool_size(Pairs pairs, BatchSize size) {
  const std::size_t batches = size.pool;
  if (size.target_words == 0) return batches * size.pairs;
  std::size_t words = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) words += pairs.target(i).size();
  return std::max<std::size_t>(1, batches * size.target_words * pairs.size() / std::max<std::size_t>(words, 1));
}

/// Sorted pairs, cut into batches.
std::vector<std::vector<int>> cut(Pairs pairs, std::span<const int> sorted, BatchSize size) {
  std::vector<std::vector<int>> batches;
  int words = 0;
  for (const int pair : sorted) {
    const int own = static_cast<int>(pairs.target(pair).size());
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
  return batches;
}

}

std::span<const int> Batches::operator[](std::size_t batch) const {
  const std::size_t begin = batch == 0 ? 0 : ends_[batch - 1];
  return std::span(order_).subspan(begin, ends_[batch] - begin);
}

std::vector<std::vector<int>> Batches::some(std::size_t begin, std::size_t count) const {
  std::vector<std::vector<int>> batches;
  for (std::size_t i = begin; i < begin + count; ++i) batches.emplace_back((*this)[i].begin(), (*this)[i].end());
  return batches;
}

Batches deal_batches(Pairs pairs, BatchSize size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Batches result;
  std::vector<int>& all = result.order_;
  all.resize(pairs.size());
  std::iota(all.begin(), all.end(), 0);
  shuffle(all, random);

  const std::size_t pool = pool_size(pairs, size);
  for (std::size_t begin = 0; begin < all.size(); begin += pool) {
    const std::span sorted = std::span(all).subspan(begin, std::min(pool, all.size() - begin));
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](int a, int b) { return pairs.source(a).size() > pairs.source(b).size(); });
    std::vector<std::vector<int>> batches = cut(pairs, sorted, size);
    shuffle(batches, random);
    std::size_t end = begin;
    for (const std::vector<int>& batch : batches) {
      std::ranges::copy(batch, all.begin() + static_cast<std::ptrdiff_t>(end));
      result.ends_.push_back(end += batch.size());
    }
  }
  return result;
}

}
