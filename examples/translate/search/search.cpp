#include "examples/translate/search/search.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "examples/translate/search/beam_search.h"
#include "examples/translate/search/sampling.h"
#include "ops/gemm/packed_weights.h"
#include "ops/gemm/split_product.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::translate {

void run_batches(std::span<const Member> members, std::span<const int> order, int batch_size, ThreadPool& pool,
                 FunctionRef<void(std::span<const int>)> work) {
  // As many batches for each thread, so that none has to wait long for another.
  const int count = static_cast<int>(order.size());
  const int threads = pool.threads();
  const int rounds = (count + batch_size * threads - 1) / (batch_size * threads);
  const int batches = std::min(rounds * threads, count);
  Arena packed_memory;
  PackedWeights packed(packed_memory, PackedWeights::kAnyRows);
  for (const Member& member : members) packed.hold(member.model->parameters());
  const auto run_batch = [&](int i) {
    const int begin = static_cast<int>(std::int64_t{count} * i / batches);
    const int end = static_cast<int>(std::int64_t{count} * (i + 1) / batches);
    work(order.subspan(begin, end - begin));
  };
  if (batches == 1) {
    const SplitProducts split(pool);
    run_batch(0);
  } else {
    pool.run_balanced(batches, run_batch);
  }
}

std::vector<NBest> search_n_best(std::span<const Member> members, std::span<const std::uint64_t> lines,
                                 const SearchOptions& options, int batch_size, ThreadPool& pool) {
  const std::span<const std::vector<int>> sources = members[0].sources;
  std::vector<int> order(sources.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return sources[a].size() > sources[b].size(); });
  std::vector<NBest> result(sources.size());
  run_batches(members, order, batch_size, pool, [&](std::span<const int> batch) {
    std::vector<NBest> found =
        options.sample ? sample(members, lines, batch, options) : beam_search(members, batch, options);
    for (std::size_t i = 0; i < batch.size(); ++i) result[batch[i]] = std::move(found[i]);
  });
  return result;
}

std::vector<Hypothesis> search_all(Seq2Seq& model, std::span<const std::vector<int>> sources,
                                   const SearchOptions& options, int batch_size, ThreadPool& pool) {
  const Member member{&model, sources};
  std::vector<std::uint64_t> lines(sources.size());
  std::iota(lines.begin(), lines.end(), 0);
  std::vector<Hypothesis> result;
  for (NBest& found : search_n_best({&member, 1}, lines, options, batch_size, pool)) {
    result.push_back(std::move(found.front()));
  }
  return result;
}

}
