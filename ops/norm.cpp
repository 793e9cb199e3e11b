#include "ops/norm.h"

#include "autograd/scratch.h"
#include "ops/gradients.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/norm.h"

namespace gradus::inline GRADUS_PRECISION {

Tensor layer_norm(Tensor x, Tensor weight, Tensor bias, Real epsilon) {
  if (x.rank() == 0 || weight.shape() != Shape{x.dim(-1)} || bias.shape() != weight.shape()) {
    fail("layer_norm: sizes differ: x is {}, weight is {}, bias is {}; need x (..., D), weight (D), bias (D)",
         x.shape(), weight.shape(), bias.shape());
  }
  if (!(epsilon >= 0)) fail("layer_norm: bad epsilon: {}; need 0 or more", epsilon);
  const std::size_t D = x.dim(-1), rows = D == 0 ? 0 : x.size() / D;
  Tensor y = output(x.shape(), {x, weight, bias});
  Real* const normal = Tape::active().arena().allocate(x.size());  // x̂
  Real* const inverse = Tape::active().arena().allocate(rows);     // 1/σ
  for (std::size_t row = 0; row < rows; ++row) {
    inverse[row] = kernels::normalize_row(x.value().data + row * D, weight.value().data, bias.value().data, epsilon,
                                          normal + row * D, y.value().data + row * D, D);
  }
  record("layer_norm", y, [=] {
    Scratch scratch;
    Real* const g = scratch.allocate(D);
    const Array dx = detail::accumulator_if_needed(x);
    detail::RowSums dw(D, scratch), db(D, scratch);
    for (std::size_t row = 0; row < rows; ++row) {
      const Real *dy = y.grad().data + row * D, *row_normal = normal + row * D;
      if (weight.needs_grad()) kernels::add_product(dy, row_normal, dw.next(), D);  // dw += dy ∘ x̂
      if (bias.needs_grad()) {                                                      // db += dy
        Real* const sum = db.next();
        kernels::add(sum, dy, sum, D);
      }
      if (dx.data == nullptr) continue;
      kernels::add_norm_gradient(dy, weight.value().data, row_normal, inverse[row], g, dx.data + row * D, D);
    }
    if (weight.needs_grad()) dw.add_to(accumulator(weight));
    if (bias.needs_grad()) db.add_to(accumulator(bias));
  });
  return y;
}

}
