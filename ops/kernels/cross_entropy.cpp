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

GRADUS_SIMD_CLONES PairLoss cross_entropy_pair(Real* a, Real* b, std::size_t n, int target, Real smoothing, Real alpha,
                                               Real scale) {
  const LogSum of_a = log_sum_of(a, n), of_b = log_sum_of(b, n);
  const Real first = cross_entropy_loss(a, n, target, smoothing, of_a);
  const Real second = cross_entropy_loss(b, n, target, smoothing, of_b);
  if (of_a.largest == -kInfinity || of_b.largest == -kInfinity) {
    fill(0, a, n);
    fill(0, b, n);
    return {first, second, 0};
  }
  const auto log_p = [=](std::size_t j) __attribute__((always_inline)) { return a[j] - of_a.largest - of_a.shifted; };
  const auto log_q = [=](std::size_t j) __attribute__((always_inline)) { return b[j] - of_b.largest - of_b.shifted; };
  const auto ratio = [=](Real p, Real q) __attribute__((always_inline)) { return p == q ? 0 : p - q; };  // -inf: masked
  const Real of_p = blocked_sum(
      n, [=](std::size_t j)
             __attribute__((always_inline)) { return exp_approx(log_p(j)) * ratio(log_p(j), log_q(j)); });
  const Real of_q = blocked_sum(
      n, [=](std::size_t j)
             __attribute__((always_inline)) { return exp_approx(log_q(j)) * ratio(log_q(j), log_p(j)); });
  const Real shift = smoothing / Real(n), half = alpha / 2;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t j = 0; j < n; ++j) {
    const Real d = ratio(log_p(j), log_q(j)), p = exp_approx(log_p(j)), q = exp_approx(log_q(j));
    a[j] = scale * (p - shift + half * (p * (d - of_p) + p - q));
    b[j] = scale * (q - shift + half * (q * (-d - of_q) + q - p));
  }
  a[target] -= scale * (1 - smoothing);
  b[target] -= scale * (1 - smoothing);
  return {first, second, (of_p + of_q) / 2};
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
