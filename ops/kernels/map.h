#pragma once

#include <cstddef>

#include "ops/kernels/vector_math.h"

/// Loops that apply a function to each number of some arrays. They are compiled for several instruction sets where they
/// are used, so that is in a file listed in `gradus_kernel_sources`.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

/// y[i] = f(x[i]).
template <class F>
GRADUS_SIMD_CLONES void map(const Real* x, Real* y, std::size_t n, F f) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = f(x[i]);
}

/// y[i] = f(a[i], b[i]).
template <class F>
GRADUS_SIMD_CLONES void map(const Real* a, const Real* b, Real* y, std::size_t n, F f) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
}

/// g[i] = f(a[i], b[i], dy[i]).
template <class F>
GRADUS_SIMD_CLONES void map(const Real* a, const Real* b, const Real* dy, Real* g, std::size_t n, F f) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) g[i] = f(a[i], b[i], dy[i]);
}

/// dx[i] = dy[i] · derivative(x[i], y[i]): the chain rule for a function of one number.
template <class F>
GRADUS_SIMD_CLONES void chain_rule(const Real* x, const Real* y, const Real* dy, Real* dx, std::size_t n,
                                   F derivative) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] = dy[i] * derivative(x[i], y[i]);
}

}
}
