#pragma once

#include <cstddef>

#include "autograd/real.h"

/// Loops over raw arrays, one pass each, compiled for several instruction sets (see vector_math.h). The results are the
/// same bits on every CPU. Outputs may be the same array as an input, but may not overlap it otherwise.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

// Functions of one number, each within 4 ULP over the whole range, infinities, NaN and denormals included.
void exp(const Real* x, Real* y, std::size_t n);
void log(const Real* x, Real* y, std::size_t n);
void tanh(const Real* x, Real* y, std::size_t n);
/// dx = dy ∘ (1 - y²) for y = tanh(x); dx may be dy.
void tanh_backward(const Real* y, const Real* dy, Real* dx, std::size_t n);
void sigmoid(const Real* x, Real* y, std::size_t n);
/// y = max(x, 0)
void relu(const Real* x, Real* y, std::size_t n);
/// dx = dy where y > 0, else 0, for y = relu(x); dx may be dy.
void relu_backward(const Real* y, const Real* dy, Real* dx, std::size_t n);

void fill(Real value, Real* y, std::size_t n);
void copy(const Real* x, Real* y, std::size_t n);
void scale(Real a, const Real* x, Real* y, std::size_t n);               ///< y = a x
void axpy(Real a, const Real* x, Real* y, std::size_t n);                ///< y += a x
void add(const Real* a, const Real* b, Real* y, std::size_t n);          ///< y = a + b
void mul(const Real* a, const Real* b, Real* y, std::size_t n);          ///< y = a ∘ b
void add_product(const Real* a, const Real* b, Real* y, std::size_t n);  ///< y += a ∘ b

}
}
