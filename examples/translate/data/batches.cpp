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
std::size_t pool_size(std::span<const Pair> pairs, BatchSize size) {
  const std::size_t batches = size.pool;
  if (size.target_words == 0) return batches * size.pairs;
  std::size_t words = 0;
  for (const Pair& pair : pairs) words += pair.target.size();
  return std::max<std::size_t>(1, batches * size.target_words * pairs.size() / std::max<std::size_t>(words, 1));
}

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

}
