#pragma once

#include <cstddef>

#include "autograd/real.h"

/// Reductions of raw arrays. They run over a fixed number of independent partial results, so that the order of the
/// additions, and with it the bits of the result, depends on n alone.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

Real sum(const Real* x, std::size_t n);
Real dot(const Real* a, const Real* b, std::size_t n);
Real max(const Real* x, std::size_t n);           ///< NaN if any element is; -inf for n = 0
double square_sum(const Real* x, std::size_t n);  ///< Σ x², accumulated in double (for gradient norms)

/// y[i] = max of x[i · block : (i + 1) · block], for all blocks of x, the last of which may be shorter.
void block_max(const Real* x, std::size_t n, std::size_t block, Real* y);

}
}
