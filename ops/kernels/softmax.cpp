#include "ops/kernels/softmax.h"

#include <cmath>
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

/// A row without a finite maximum: what is -inf gets `masked`, and the rest NaN, since it holds NaN or +inf.
void fill_unless_masked(const Real* x, Real masked, Real* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] == kMinusInfinity ? masked : std::numeric_limits<Real>::quiet_NaN();
}

/// The gradient dx of a softmax where Σ y dy is not finite: masked numbers, y = 0, count for nothing, whatever dy is.
void unmasked_softmax_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  Real mean = 0;
  for (std::size_t i = 0; i < n; ++i) mean += y[i] == 0 ? 0 : y[i] * dy[i];
  for (std::size_t i = 0; i < n; ++i) dx[i] = y[i] == 0 ? 0 : y[i] * (dy[i] - mean);
}
}

GRADUS_SIMD_CLONES void softmax_row(const Real* x, Real* y, std::size_t n) {
  const Real largest = max_of_lanes(x, n);
  if (!std::isfinite(largest)) return fill_unless_masked(x, 0, y, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = exp_approx(x[i] - largest);
  const Real inverse = 1 / sum_of_lanes(y, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] *= inverse;
}

Real log_sum_exp(const Real* x, std::size_t n) { return log_sum_exp(x, n, max(x, n)); }

Real log_sum_exp(const Real* x, std::size_t n, Real largest) { return largest + log_sum_exp_shifted(x, n, largest); }

GRADUS_SIMD_CLONES Real log_sum_exp_shifted(const Real* x, std::size_t n, Real largest) {
  if (std::isinf(largest)) return 0;
  return log_approx(blocked_sum(n, [=](std::size_t i) { return exp_approx(x[i] - largest); }));
}

GRADUS_SIMD_CLONES void add_softmax_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  const Real mean = dot(y, dy, n);
  if (!std::isfinite(mean)) {
    Scratch scratch;
    Real* const g = scratch.allocate(n);
    unmasked_softmax_gradient(y, dy, g, n);
    return add(dx, g, dx, n);
  }
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] += y[i] * (dy[i] - mean);
}

void softmax_gradient(const Real* y, Real* dy, std::size_t n) {
  const Real mean = dot(y, dy, n);
  if (!std::isfinite(mean)) return unmasked_softmax_gradient(y, dy, dy, n);
  mul(y, dy, dy, n);
  axpy(-mean, y, dy, n);
}

GRADUS_SIMD_CLONES void log_softmax_row(const Real* x, Real* y, std::size_t n) {
  const Real largest = max_of_lanes(x, n);
  if (!std::isfinite(largest)) return fill_unless_masked(x, kMinusInfinity, y, n);
  const Real log_sum = log_sum_exp_shifted(x, n, largest);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = (x[i] - largest) - log_sum;
}

GRADUS_SIMD_CLONES void add_log_softmax_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  Scratch scratch;
  Real* const unmasked_dy = scratch.allocate(n);
  for (std::size_t i = 0; i < n; ++i) unmasked_dy[i] = y[i] == kMinusInfinity ? 0 : dy[i];
  const Real total = sum(unmasked_dy, n);
  if (!std::isfinite(total)) {  // 0 · ∞ is not 0
    for (std::size_t i = 0; i < n; ++i) dx[i] += y[i] == kMinusInfinity ? 0 : unmasked_dy[i] - exp_approx(y[i]) * total;
    return;
  }
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] += unmasked_dy[i] - exp_approx(y[i]) * total;
}

}
}
