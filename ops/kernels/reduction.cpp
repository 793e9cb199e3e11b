#include "ops/kernels/reduction.h"

#include <algorithm>

#include "ops/kernels/lanes.h"
#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

namespace {
constexpr std::size_t kDoubleLanes = 128 / sizeof(double);
}

GRADUS_SIMD_CLONES Real sum(const Real* x, std::size_t n) { return sum_of_lanes(x, n); }

GRADUS_SIMD_CLONES Real dot(const Real* a, const Real* b, std::size_t n) {
  return reduce_lanes<kLanes>(
      Real(0), n, [=](std::size_t i) { return a[i] * b[i]; }, Plus{});
}

GRADUS_SIMD_CLONES Real max(const Real* x, std::size_t n) { return max_of_lanes(x, n); }

GRADUS_SIMD_CLONES double square_sum(const Real* x, std::size_t n) {
  const auto square = [=](std::size_t i) { return static_cast<double>(x[i]) * static_cast<double>(x[i]); };
  return reduce_lanes<kDoubleLanes>(0.0, n, square, Plus{});
}

GRADUS_SIMD_CLONES void block_max(const Real* x, std::size_t n, std::size_t block, Real* y) {
  for (std::size_t begin = 0; begin < n; begin += block) *y++ = max_of_lanes(x + begin, std::min(block, n - begin));
}

}
}
