#include "ops/kernels/elementwise.h"

#include <algorithm>

#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

GRADUS_SIMD_CLONES void exp(const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = exp_approx(x[i]);
}

GRADUS_SIMD_CLONES void log(const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = log_approx(x[i]);
}

GRADUS_SIMD_CLONES void tanh(const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = tanh_approx(x[i]);
}

GRADUS_SIMD_CLONES void tanh_backward(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] = dy[i] * (1 - y[i] * y[i]);
}

GRADUS_SIMD_CLONES void sigmoid(const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = sigmoid_approx(x[i]);
}

GRADUS_SIMD_CLONES void relu(const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] < 0 ? Real(0) : x[i];
}

GRADUS_SIMD_CLONES void relu_backward(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] = y[i] > 0 ? dy[i] : Real(0);
}

void fill(Real value, Real* y, std::size_t n) { std::fill_n(y, n, value); }

void copy(const Real* x, Real* y, std::size_t n) {
  if (x != y) std::copy_n(x, n, y);
}

GRADUS_SIMD_CLONES void scale(Real a, const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = a * x[i];
}

GRADUS_SIMD_CLONES void axpy(Real a, const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] += a * x[i];
}

GRADUS_SIMD_CLONES void add(const Real* a, const Real* b, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

GRADUS_SIMD_CLONES void mul(const Real* a, const Real* b, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = a[i] * b[i];
}

GRADUS_SIMD_CLONES void add_product(const Real* a, const Real* b, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] += a[i] * b[i];
}

}
}
