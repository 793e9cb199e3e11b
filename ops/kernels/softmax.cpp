#include "ops/kernels/softmax.h"

#include <limits>

#include "autograd/scratch.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/lanes.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

namespace {
constexpr Real kMinusInfinity = -std::numeric_limits<Real>::infinity();
}

GRADUS_SIMD_CLONES void softmax_row(const Real* x, Real* y, std::size_t n) {
  const Real largest = max_of_lanes(x, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = exp_approx(x[i] - largest);
  const Real inverse = 1 / sum_of_lanes(y, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] *= inverse;
}

Real log_sum_exp(const Real* x, std::size_t n) { return log_sum_exp(x, n, max(x, n)); }

GRADUS_SIMD_CLONES Real log_sum_exp(const Real* x, std::size_t n, Real largest) {
  if (largest == kMinusInfinity) return largest;
  return largest + log_approx(reduce_lanes<kLanes>(
                       Real(0), n, [=](std::size_t i) { return exp_approx(x[i] - largest); }, Plus{}));
}

GRADUS_SIMD_CLONES void add_softmax_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  const Real mean = dot(y, dy, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] += y[i] * (dy[i] - mean);
}

void softmax_gradient(const Real* y, Real* dy, std::size_t n) {
  const Real mean = dot(y, dy, n);
  mul(y, dy, dy, n);
  axpy(-mean, y, dy, n);
}

GRADUS_SIMD_CLONES void log_softmax_row(const Real* x, Real* y, std::size_t n) {
  const Real log_sum = log_sum_exp(x, n), shift = log_sum == kMinusInfinity ? 0 : log_sum;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] - shift;
}

GRADUS_SIMD_CLONES void add_log_softmax_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  Scratch scratch;
  Real* const unmasked_dy = scratch.allocate(n);
  for (std::size_t i = 0; i < n; ++i) unmasked_dy[i] = y[i] == kMinusInfinity ? 0 : dy[i];
  const Real total = sum(unmasked_dy, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] += unmasked_dy[i] - exp_approx(y[i]) * total;
}

}
}
