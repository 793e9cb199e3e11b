#pragma once

#include <cstddef>

#include "autograd/real.h"

/// One row of a softmax, forward and backward.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

// A number that is -inf is masked: its probability is 0, its logarithm -inf, its gradient 0, whatever the others are.
// So a row of -inf only gives zeros, or -inf. (PyTorch gives NaN.) The unmasked numbers of a row that holds NaN or +inf
// become NaN, as there.

/// y = exp(x - max x) / Σ exp(x - max x).
void softmax_row(const Real* x, Real* y, std::size_t n);

/// dx += y ∘ (dy - Σ y dy) for y = softmax(x), since ∂y_i/∂x_j = y_i (δ_ij - y_j) and dx_j = Σ_i dy_i y_i (δ_ij - y_j).
void add_softmax_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n);
/// The gradient of a softmax in the place of dy: dy becomes y ∘ dy - y Σ y dy, which rounds otherwise.
void softmax_gradient(const Real* y, Real* dy, std::size_t n);

/// log Σ exp x; -inf if every element is -inf or n = 0.
Real log_sum_exp(const Real* x, std::size_t n);
/// log Σ exp x where max x is known.
Real log_sum_exp(const Real* x, std::size_t n, Real largest);
/// log Σ exp(x - largest), to which a large maximum was never added; 0 if the maximum is infinite.
Real log_sum_exp_shifted(const Real* x, std::size_t n, Real largest);

/// y = (x - max x) - log Σ exp(x - max x).
void log_softmax_row(const Real* x, Real* y, std::size_t n);

/// dx += dy - exp(y) Σ dy for y = log softmax(x), over those numbers that are not masked, which is where y > -inf:
/// ∂y_i/∂x_j = δ_ij - softmax(x)_j, and softmax(x) = exp(y).
void add_log_softmax_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n);

}
}
