#pragma once

#include <cstddef>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

/// The cross-entropy of softmax(logits) with the distribution q = (1 - ε) one-hot(target) + ε/n, where ε = smoothing:
///
///     loss = log Σ exp x_j - (1 - ε) x_target - ε mean(x)        d loss / d x = softmax(x) - q
///
/// Leaves scale · (d loss / d x) in the place of the n logits.
Real cross_entropy_row(Real* logits, std::size_t n, int target, Real smoothing, Real scale);

}
}
