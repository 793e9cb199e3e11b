#pragma once

#include <cstddef>

#include "autograd/real.h"

/// Reductions of raw arrays. They run over a fixed number of independent partial results, so that the order of the
/// additions, and with it the bits of the result, depends on n alone. Sums of many numbers are sums of blocks, so that
/// 2^25 ones are 2^25 also in single precision.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

Real sum(const Real* x, std::size_t n);
Real dot(const Real* a, const Real* b, std::size_t n);
Real max(const Real* x, std::size_t n);           ///< NaN if any element is; -inf for n = 0
double square_sum(const Real* x, std::size_t n);  ///< Σ x², accumulated in double (for gradient norms)

/// y += Σ rows of x: (rows, n), which are `stride` apart.
void add_rows(const Real* x, std::size_t rows, std::size_t n, std::size_t stride, Real* y);
/// y[index[i]] += row i of x, (count, n), whose rows are `stride` apart, for all i with begin <= index[i] < end.
void scatter_rows(const Real* x, std::size_t stride, const int* index, std::size_t count, int begin, int end,
                  std::size_t n, Real* y);
/// total += x, for sums whose summands come one at a time.
void add_to_double(const Real* x, double* total, std::size_t n);

/// y[i] = max of x[i · block : (i + 1) · block], for all blocks of x, the last of which may be shorter.
void block_max(const Real* x, std::size_t n, std::size_t block, Real* y);

}
}
