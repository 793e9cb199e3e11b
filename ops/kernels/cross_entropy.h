#pragma once

#include <cstddef>

#include "autograd/real.h"

/// The cross-entropy of softmax(x), for a row of n logits x, with the distribution q = (1 - ε) one-hot(target) + ε/n,
/// where ε = smoothing:
///
///     loss = log Σ exp x_j - (1 - ε) x_target - ε mean(x)        d loss / d x = softmax(x) - q

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

/// Loss and gradient in one pass, for logits that nobody needs again: leaves scale · (d loss / d x) in their place.
Real cross_entropy_row(Real* logits, std::size_t n, int target, Real smoothing, Real scale);

/// The loss of logits that stay as they are, given log_sum = log Σ exp x_j.
Real cross_entropy_loss(const Real* logits, std::size_t n, int target, Real smoothing, Real log_sum);
/// dlogits += scale · (d loss / d x).
void add_cross_entropy_gradient(const Real* logits, std::size_t n, int target, Real smoothing, Real log_sum, Real scale,
                                Real* dlogits);

}
}
