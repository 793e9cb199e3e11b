#pragma once

#include <cstddef>

#include "autograd/real.h"

/// Batch normalisation, forward and backward, of all channels of x: (N, C, S). What each channel has one of is an array
/// of C numbers. Sums are accumulated in double.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

struct Channels {
  std::size_t N, C, S;
};

/// sums = Σ x
void channel_sums(Channels shape, const Real* x, double* sums);
/// sums = Σ (x - mean)²
void channel_square_sums(Channels shape, const Real* x, const double* mean, double* sums);
/// sums = Σ a ∘ b
void channel_dots(Channels shape, const Real* a, const Real* b, double* sums);
/// normal = x̂ = (x - mean) factor and y = w ∘ x̂ + b
void normalize_channels(Channels shape, const Real* x, const double* mean, const double* factor, const Real* w,
                        const Real* b, Real* normal, Real* y);
/// dx = factor (dy - mean - slope x̂)
void channel_gradients(Channels shape, const Real* dy, const Real* normal, const Real* factor, const Real* mean,
                       const Real* slope, Real* dx);

}
}
