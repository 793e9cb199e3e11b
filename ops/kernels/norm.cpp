#include "ops/kernels/norm.h"

#include <cmath>

#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

GRADUS_SIMD_CLONES Real normalize_row(const Real* x, const Real* w, const Real* b, Real epsilon, Real* normal, Real* y,
                                      std::size_t n) {
  const Real mean = sum(x, n) / n;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) normal[i] = x[i] - mean;
  const Real inverse = 1 / std::sqrt(dot(normal, normal, n) / n + epsilon);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) {
    normal[i] *= inverse;
    y[i] = normal[i] * w[i] + b[i];
  }
  return inverse;
}

GRADUS_SIMD_CLONES void add_norm_gradient(const Real* dy, const Real* w, const Real* normal, Real inverse, Real* g,
                                          Real* dx, std::size_t n) {
  mul(dy, w, g, n);
  const Real mean = sum(g, n) / n, projection = dot(g, normal, n) / n;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] += inverse * (g[i] - mean - normal[i] * projection);
}

}
}
