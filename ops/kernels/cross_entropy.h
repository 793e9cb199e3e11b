#pragma once

#include <cstddef>

#include "autograd/real.h"

/// The cross-entropy of softmax(x), for a row of n logits x, with the distribution q = (1 - ε) one-hot(target) + ε/n,
/// where ε = smoothing:
///
///     loss = log Σ exp z_j - (1 - ε) z_target - ε mean(z), z = x - max x        d loss / d x = softmax(x) - q
///
/// A number that is -inf is masked, as in softmax.h: a target that is masked has loss +inf, and a row of -inf only
/// has no gradient.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

/// Loss and gradient in one pass, for logits that nobody needs again: leaves scale · (d loss / d x) in their place.
Real cross_entropy_row(Real* logits, std::size_t n, int target, Real smoothing, Real scale);

/// What `cross_entropy_pair` finds: the losses of both rows, and J.
struct PairLoss {
  Real first, second, divergence;
};
/// Two rows of logits a and b of one target, with p = softmax(a), q = softmax(b) and their symmetric divergence
///
///     J = (KL(p‖q) + KL(q‖p)) / 2        dJ / da = (p (d - KL(p‖q)) + p - q) / 2, d = log p - log q
///
/// and dJ / db likewise: leaves scale · (d (loss + α J) / d a) in the place of a, and the same in that of b.
PairLoss cross_entropy_pair(Real* a, Real* b, std::size_t n, int target, Real smoothing, Real alpha, Real scale);

/// A row's max x and log Σ exp(x - max x), which is NaN if the maximum is +inf.
struct LogSum {
  Real largest, shifted;
};
LogSum log_sum_of(const Real* logits, std::size_t n);

/// The loss of logits that stay as they are.
Real cross_entropy_loss(const Real* logits, std::size_t n, int target, Real smoothing, LogSum log_sum);
/// dlogits += scale · (d loss / d x).
void add_cross_entropy_gradient(const Real* logits, std::size_t n, int target, Real smoothing, LogSum log_sum,
                                Real scale, Real* dlogits);

}
}
