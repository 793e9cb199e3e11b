#pragma once

#include <cstddef>

#include "autograd/real.h"

/// One row, of n numbers, of layer normalisation, forward and backward.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

/// normal = x̂ = (x - mean) / σ and y = x̂ ∘ w + b, with σ² the variance + epsilon. Returns 1/σ.
Real normalize_row(const Real* x, const Real* w, const Real* b, Real epsilon, Real* normal, Real* y, std::size_t n);

/// dx += (g - mean(g) - x̂ mean(g ∘ x̂)) / σ, where g = dy ∘ w is written to a buffer.
void add_norm_gradient(const Real* dy, const Real* w, const Real* normal, Real inverse, Real* g, Real* dx,
                       std::size_t n);

}
}
