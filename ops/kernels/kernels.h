#pragma once

#include <cstddef>
#include <cstdint>

#include "autograd/real.h"

/// Loops over raw arrays, one pass each, compiled for several instruction sets (see vector_math.h). The results are the
/// same bits on every CPU. Outputs may be the same array as an input, but may not overlap it otherwise.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

// Elementwise functions, each within 4 ULP over the whole range, infinities, NaN and denormals included.
void exp(const Real* x, Real* y, std::size_t n);
void log(const Real* x, Real* y, std::size_t n);
void tanh(const Real* x, Real* y, std::size_t n);
/// dx = dy ∘ (1 - y²) for y = tanh(x); dx may be dy.
void tanh_backward(const Real* y, const Real* dy, Real* dx, std::size_t n);
void sigmoid(const Real* x, Real* y, std::size_t n);

void fill(Real value, Real* y, std::size_t n);
void copy(const Real* x, Real* y, std::size_t n);
void scale(Real a, const Real* x, Real* y, std::size_t n);               ///< y = a x
void axpy(Real a, const Real* x, Real* y, std::size_t n);                ///< y += a x
void add(const Real* a, const Real* b, Real* y, std::size_t n);          ///< y = a + b
void mul(const Real* a, const Real* b, Real* y, std::size_t n);          ///< y = a ∘ b
void add_product(const Real* a, const Real* b, Real* y, std::size_t n);  ///< y += a ∘ b

// Reductions. They run over a fixed number of independent partial results, so that the order of the additions depends
// on n alone.
Real sum(const Real* x, std::size_t n);
Real dot(const Real* a, const Real* b, std::size_t n);
Real max(const Real* x, std::size_t n);           ///< NaN if any element is; -inf for n = 0
double square_sum(const Real* x, std::size_t n);  ///< Σ x², accumulated in double (for gradient norms)

/// y = exp(x - max x) / Σ exp(x - max x). At least one element must be above -inf, else every y is NaN.
void softmax_row(const Real* x, Real* y, std::size_t n);

/// log Σ exp x; -inf if every element is -inf or n = 0.
Real log_sum_exp(const Real* x, std::size_t n);
/// The same where max x is known.
Real log_sum_exp(const Real* x, std::size_t n, Real largest);

/// y[i] = max of x[i · block : (i + 1) · block], for all blocks of x, the last of which may be shorter.
void block_max(const Real* x, std::size_t n, std::size_t block, Real* y);

/// Inverted dropout: mask[i] = 1/keep_probability with that probability, else 0. Element i depends on (seed, offset +
/// i) alone, so a mask can be made again, or made in pieces, in any order and on any thread.
void dropout_mask(std::uint64_t seed, std::uint64_t offset, Real keep_probability, Real* mask, std::size_t n);

/// A number in [0, 1) with 24 random bits, from the same generator as `dropout_mask`.
Real uniform(std::uint64_t seed, std::uint64_t counter);

}
}
