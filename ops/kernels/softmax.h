#pragma once

#include <cstddef>

#include "autograd/real.h"

/// One row of a softmax, forward and backward.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

/// y = exp(x - max x) / Σ exp(x - max x). At least one element must be above -inf, else every y is NaN.
void softmax_row(const Real* x, Real* y, std::size_t n);

/// dx += y ∘ (dy - Σ y dy) for y = softmax(x), since ∂y_i/∂x_j = y_i (δ_ij - y_j) and dx_j = Σ_i dy_i y_i (δ_ij - y_j).
void add_softmax_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n);
/// The gradient of a softmax in the place of dy: dy becomes y ∘ dy - y Σ y dy, which rounds otherwise.
void softmax_gradient(const Real* y, Real* dy, std::size_t n);

/// log Σ exp x; -inf if every element is -inf or n = 0.
Real log_sum_exp(const Real* x, std::size_t n);
/// log Σ exp x where max x is known.
Real log_sum_exp(const Real* x, std::size_t n, Real largest);

/// y = x - log Σ exp x. A row of -inf stays what it is.
void log_softmax_row(const Real* x, Real* y, std::size_t n);

/// dx += dy - exp(y) Σ dy for y = log softmax(x), over those numbers that are not masked, which is where y > -inf:
/// ∂y_i/∂x_j = δ_ij - softmax(x)_j, and softmax(x) = exp(y).
void add_log_softmax_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n);

}
}
