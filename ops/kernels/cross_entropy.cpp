#include "ops/kernels/cross_entropy.h"

#include <limits>

#include "ops/kernels/elementwise.h"
#include "ops/kernels/lanes.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"
#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

namespace {
constexpr Real kInfinity = std::numeric_limits<Real>::infinity();

/// Σ q_j z_j, z = x - max x. What q leaves out counts for nothing, also if it is -inf.
GRADUS_INLINE Real expected_logit(const Real* logits, std::size_t n, int target, Real smoothing, Real largest) {
  Real expected = smoothing < 1 ? (1 - smoothing) * (logits[target] - largest) : 0;
  if (smoothing != 0) {
    const auto shifted = [=](std::size_t j) __attribute__((always_inline)) { return logits[j] - largest; };
    expected += smoothing * (blocked_sum(n, shifted) / Real(n));
  }
  return expected;
}
}

GRADUS_SIMD_CLONES Real cross_entropy_row(Real* logits, std::size_t n, int target, Real smoothing, Real scale) {
  const auto logit = [=](std::size_t j) __attribute__((always_inline)) { return logits[j]; };
  const Real largest = reduce_lanes<kLanes>(-kInfinity, n, logit, Larger{});
  if (largest == -kInfinity) {
    fill(0, logits, n);
    return kInfinity;
  }
  const Real expected = expected_logit(logits, n, target, smoothing, largest);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t j = 0; j < n; ++j) logits[j] = exp_approx(logits[j] - largest);
  const Real sum = blocked_sum(n, logit);
  const Real factor = scale / sum, shift = scale * smoothing / Real(n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t j = 0; j < n; ++j) logits[j] = factor * logits[j] - shift;
  logits[target] -= scale * (1 - smoothing);
  return log_approx(sum) - expected;
}

LogSum log_sum_of(const Real* logits, std::size_t n) {
  const Real largest = max(logits, n);
  return {largest,
          largest == kInfinity ? std::numeric_limits<Real>::quiet_NaN() : log_sum_exp_shifted(logits, n, largest)};
}

GRADUS_SIMD_CLONES Real cross_entropy_loss(const Real* logits, std::size_t n, int target, Real smoothing,
                                           LogSum log_sum) {
  if (log_sum.largest == -kInfinity) return kInfinity;
  return log_sum.shifted - expected_logit(logits, n, target, smoothing, log_sum.largest);
}

GRADUS_SIMD_CLONES void add_cross_entropy_gradient(const Real* logits, std::size_t n, int target, Real smoothing,
                                                   LogSum log_sum, Real scale, Real* dlogits) {
  if (log_sum.largest == -kInfinity) return;
  const Real shift = smoothing / Real(n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t j = 0; j < n; ++j) {
    dlogits[j] += scale * (exp_approx((logits[j] - log_sum.largest) - log_sum.shifted) - shift);
  }
  dlogits[target] -= scale * (1 - smoothing);
}

}
}
