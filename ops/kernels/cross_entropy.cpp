#include "ops/kernels/cross_entropy.h"

#include <limits>

#include "ops/kernels/lanes.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"
#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

GRADUS_SIMD_CLONES Real cross_entropy_row(Real* logits, std::size_t n, int target, Real smoothing, Real scale) {
  constexpr Real kLowest = -std::numeric_limits<Real>::infinity();
  const auto logit = [=](std::size_t j) __attribute__((always_inline)) { return logits[j]; };
  const Real largest = reduce_lanes<kLanes>(kLowest, n, logit, Larger{});
  Real expected = (1 - smoothing) * (logits[target] - largest);  // Σ q_j (x_j - max x)
  if (smoothing != 0) expected += smoothing * (reduce_lanes<kLanes>(Real(0), n, logit, Plus{}) / Real(n) - largest);

  GRADUS_INDEPENDENT_LOOP
  for (std::size_t j = 0; j < n; ++j) logits[j] = exp_approx(logits[j] - largest);
  const Real sum = reduce_lanes<kLanes>(Real(0), n, logit, Plus{});
  const Real factor = scale / sum, shift = scale * smoothing / Real(n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t j = 0; j < n; ++j) logits[j] = factor * logits[j] - shift;
  logits[target] -= scale * (1 - smoothing);
  return log_approx(sum) - expected;
}

Real cross_entropy_loss(const Real* logits, std::size_t n, int target, Real smoothing, Real log_sum) {
  Real loss = log_sum - (1 - smoothing) * logits[target];
  if (smoothing > 0) loss -= smoothing / n * sum(logits, n);
  return loss;
}

GRADUS_SIMD_CLONES void add_cross_entropy_gradient(const Real* logits, std::size_t n, int target, Real smoothing,
                                                   Real log_sum, Real scale, Real* dlogits) {
  const Real shift = smoothing / n;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t j = 0; j < n; ++j) dlogits[j] += scale * (exp_approx(logits[j] - log_sum) - shift);
  dlogits[target] -= scale * (1 - smoothing);
}

}
}
