#include "ops/norm.h"

#include <cmath>

#include "ops/kernels/kernels.h"
#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// x̂ = (x - mean) / σ and y = x̂ ∘ w + b. Returns 1/σ.
GRADUS_SIMD_CLONES Real normalize_row(const Real* x, const Real* w, const Real* b, Real epsilon, Real* normal, Real* y,
                                      std::size_t n) {
  const Real mean = kernels::sum(x, n) / n;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) normal[i] = x[i] - mean;
  const Real inverse = 1 / std::sqrt(kernels::dot(normal, normal, n) / n + epsilon);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) {
    normal[i] *= inverse;
    y[i] = normal[i] * w[i] + b[i];
  }
  return inverse;
}

/// dx += (g - mean(g) - x̂ mean(g ∘ x̂)) / σ, where g = dy ∘ w is written to a buffer.
GRADUS_SIMD_CLONES void add_row_gradient(const Real* dy, const Real* w, const Real* normal, Real inverse, Real* g,
                                         Real* dx, std::size_t n) {
  kernels::mul(dy, w, g, n);
  const Real mean = kernels::sum(g, n) / n, projection = kernels::dot(g, normal, n) / n;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] += inverse * (g[i] - mean - normal[i] * projection);
}

}

Tensor layer_norm(Tensor x, Tensor weight, Tensor bias, Real epsilon) {
  if (x.rank() == 0 || weight.shape() != Shape{x.dim(-1)} || bias.shape() != weight.shape()) {
    fail("layer_norm: sizes differ: x is {}, weight is {}, bias is {}; need x (..., D), weight (D), bias (D)",
         x.shape(), weight.shape(), bias.shape());
  }
  if (!(epsilon >= 0)) fail("layer_norm: bad epsilon: {}; need 0 or more", epsilon);
  const std::size_t D = x.dim(-1), rows = D == 0 ? 0 : x.size() / D;
  Tensor y = output(x.shape(), {x, weight, bias});
  Real* const normal = Tape::active().allocate(x.size());  // x̂
  Real* const inverse = Tape::active().allocate(rows);     // 1/σ
  for (std::size_t row = 0; row < rows; ++row) {
    inverse[row] = normalize_row(x.value().data + row * D, weight.value().data, bias.value().data, epsilon,
                                 normal + row * D, y.value().data + row * D, D);
  }
  record("layer_norm", y, [=] {
    Scratch scratch;
    Real* const g = scratch.allocate(D);
    for (std::size_t row = 0; row < rows; ++row) {
      const Real *dy = y.grad().data + row * D, *row_normal = normal + row * D;
      if (weight.needs_grad()) kernels::add_product(dy, row_normal, weight.grad().data, D);  // dw += dy ∘ x̂
      if (bias.needs_grad()) kernels::add(bias.grad().data, dy, bias.grad().data, D);        // db += dy
      if (!x.needs_grad()) continue;
      add_row_gradient(dy, weight.value().data, row_normal, inverse[row], g, x.grad().data + row * D, D);
    }
  });
  return y;
}

}
