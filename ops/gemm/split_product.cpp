#include "ops/gemm/split_product.h"

#include <utility>

#include "ops/gemm/thread_pool.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {
thread_local ThreadPool* split_pool = nullptr;
constexpr std::size_t kWorthSplitting = 65536;  // weights; fewer are read before another thread takes notice
}

SplitProducts::SplitProducts(ThreadPool& pool) : outer_(std::exchange(split_pool, &pool)) {}

SplitProducts::~SplitProducts() { split_pool = outer_; }

void add_packed_product(const PackedMatrix& b, int rows, const Real* a, Real* c, const Real* row) {
  const int k = b.rows(), n = b.cols();
  if (split_pool == nullptr || static_cast<std::size_t>(k) * n < kWorthSplitting) {
    b.add_part(0, 1, rows, a, k, c, n, row);
    return;
  }
  const int parts = split_pool->threads();
  split_pool->run(parts, [&](int part) { b.add_part(part, parts, rows, a, k, c, n, row); });
}

}
