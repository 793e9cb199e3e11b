#include "ops/norm.h"

#include <algorithm>

#include "autograd/scratch.h"
#include "ops/gradients.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/norm.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// Numbers of an optional tensor, or `value` n times, which live as long as the tape.
const Real* numbers_or(Real value, Tensor x, std::size_t n) {
  if (x) return x.value().data;
  Real* const numbers = Tape::active().arena().allocate(n);
  kernels::fill(value, numbers, n);
  return numbers;
}

Tensor normalize(Tensor x, const Shape& normalized, Tensor weight, Tensor bias, Real epsilon) {
  if (!(epsilon >= 0)) fail("layer_norm: bad epsilon: {}; need 0 or more", epsilon);
  const std::size_t D = normalized.size(), rows = D == 0 ? 0 : x.size() / D;
  Scratch scratch;
  Tensor y = output(x.shape(), detail::inputs_given({x, weight, bias}, scratch));
  const Real *const w = numbers_or(1, weight, D), *const b = numbers_or(0, bias, D);
  Real* const normal = Tape::active().arena().allocate(x.size());  // x̂
  Real* const inverse = Tape::active().arena().allocate(rows);     // 1/σ
  for (std::size_t row = 0; row < rows; ++row) {
    inverse[row] =
        kernels::normalize_row(x.value().data + row * D, w, b, epsilon, normal + row * D, y.value().data + row * D, D);
  }
  record("layer_norm", y, [=] {
    Scratch scratch;
    Real* const g = scratch.allocate(D);
    const Array dx = detail::accumulator_if_needed(x);
    detail::RowSums dw(D, scratch), db(D, scratch);
    const bool to_weight = weight && weight.needs_grad(), to_bias = bias && bias.needs_grad();
    for (std::size_t row = 0; row < rows; ++row) {
      const Real *dy = y.grad().data + row * D, *row_normal = normal + row * D;
      if (to_weight) kernels::add_product(dy, row_normal, dw.next(), D);  // dw += dy ∘ x̂
      if (to_bias) {                                                      // db += dy
        Real* const sum = db.next();
        kernels::add(sum, dy, sum, D);
      }
      if (dx.data == nullptr) continue;
      kernels::add_norm_gradient(dy, w, row_normal, inverse[row], g, dx.data + row * D, D);
    }
    if (to_weight) dw.add_to(accumulator(weight));
    if (to_bias) db.add_to(accumulator(bias));
  });
  return y;
}

}

Tensor layer_norm(Tensor x, Tensor weight, Tensor bias, Real epsilon) {
  const int first = x.rank() - weight.rank();
  const bool fits = weight.rank() > 0 && first >= 0 &&
                    std::equal(weight.shape().begin(), weight.shape().end(), x.shape().begin() + first);
  if (!fits || bias.shape() != weight.shape()) {
    fail("layer_norm: sizes differ: x is {}, weight is {}, bias is {}; need x (..., D), weight (D), bias (D)",
         x.shape(), weight.shape(), bias.shape());
  }
  return normalize(x, weight.shape(), weight, bias, epsilon);
}

Tensor layer_norm(Tensor x, List<int> normalized_shape, Tensor weight, Tensor bias, Real epsilon) {
  const Shape normalized(normalized_shape);
  const int first = x.rank() - normalized.rank();
  if (normalized.rank() == 0 || first < 0 ||
      !std::equal(normalized.begin(), normalized.end(), x.shape().begin() + first)) {
    fail("layer_norm: axes do not fit: x is {}, normalized_shape is {}; need the last axes of x, one or more",
         x.shape(), normalized);
  }
  for (const Tensor& parameter : {weight, bias}) {
    if (!parameter || parameter.shape() == normalized) continue;
    fail("layer_norm: parameters do not fit: one is {}, normalized_shape is {}; need equal shapes", parameter.shape(),
         normalized);
  }
  return normalize(x, normalized, weight, bias, epsilon);
}

}
