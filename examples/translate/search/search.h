#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "examples/translate/search/hypothesis.h"
#include "examples/translate/search/step_decoder.h"
#include "ops/gemm/function_ref.h"

namespace gradus::inline GRADUS_PRECISION {
class ThreadPool;
}

namespace gradus::translate {

inline constexpr int kDecodingBatch = 64;  ///< sentences that are translated or scored side by side

/// The n best translations of each source, in their order, by an ensemble whose probabilities are averaged. Sources are
/// sorted by length into batches, which run side by side; if one batch holds all, the threads share its products
/// instead. The models must be in evaluation mode, have the same target vocabulary and the same number of sources.
/// lines[i] stands for source i in the random numbers of sampling.
std::vector<NBest> search_n_best(std::span<const Member> members, std::span<const std::uint64_t> lines,
                                 const SearchOptions& options, int batch_size, ThreadPool& pool);

/// The best translations by one model, whose sources stand on the lines 0, 1, …
std::vector<Hypothesis> search_all(Seq2Seq& model, std::span<const std::vector<int>> sources,
                                   const SearchOptions& options, int batch_size, ThreadPool& pool);

/// Cuts `order` into batches of nearly equal size, at most `batch_size`, as many for each thread of the pool, and calls
/// work(batch) for each, with the packed weights of all members ready.
void run_batches(std::span<const Member> members, std::span<const int> order, int batch_size, ThreadPool& pool,
                 FunctionRef<void(std::span<const int>)> work);

}
