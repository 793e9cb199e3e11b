#include "autograd/scratch.h"
#include "ops/fused/recurrent.h"
#include "ops/fused/recurrent_steps.h"
#include "ops/fused/unfused.h"
#include "ops/gemm/weight_gradient.h"
#include "ops/gemm/weight_product.h"
#include "ops/kernels/recurrent.h"

// Backward of one step, given dh' (all products but the last line's are elementwise):
//
//     dx_n = dh' (1 - z) (1 - n²)            dh_n = dx_n r
//     dx_z = dh' (h - n) z (1 - z)           dh_z = dx_z
//     dx_r = dx_n h_n r (1 - r)              dh_r = dx_r
//     dh = dh' z + dh. W_hh      dW_hh += dh.ᵀ h      db_hh += Σ rows of dh.
//
// The memory of the gates is turned into that of dx. in place: nothing else needs the gates by then.

namespace gradus::inline GRADUS_PRECISION {

using namespace detail;

namespace {

void require_shapes(const char* op, Tensor projected, Tensor weight_hh, Tensor bias_hh, Tensor initial,
                    const Packing& packing) {
  if (weight_hh.rank() != 2 || weight_hh.dim(0) != 3 * weight_hh.dim(1)) {
    fail("{}: weight_hh is {}; need (3H, H)", op, weight_hh.shape());
  }
  const int H = weight_hh.dim(1);
  if (projected.shape() != Shape{packing.rows(), 3 * H}) {
    fail("{}: projected does not fit: projected is {}, weight_hh is {}, there are {} rows; need {}", op,
         projected.shape(), weight_hh.shape(), packing.rows(), Shape{packing.rows(), 3 * H});
  }
  if (bias_hh && bias_hh.shape() != Shape{3 * H})
    fail("{}: bias_hh is {}; need (3H) = {}", op, bias_hh.shape(), Shape{3 * H});
  if (initial && initial.shape() != Shape{packing.batch(), H}) {
    fail("{}: the hidden state is {}; need (B, H) = {}", op, initial.shape(), Shape{packing.batch(), H});
  }
}

GruOutput run(const char* op, Tensor projected, Tensor weight_hh, Tensor bias_hh, Tensor initial,
              const Packing& packing, bool reverse, Tensor mask) {
  require_shapes(op, projected, weight_hh, bias_hh, initial, packing);
  const int B = packing.batch(), H = weight_hh.dim(1), rows = packing.rows();
  require_mask(op, mask, {B, H});
  if (Unfused::is_on()) return unfused::gru_sequence(projected, weight_hh, bias_hh, initial, packing, reverse, mask);
  Scratch scratch;
  const std::span inputs = inputs_given({projected, weight_hh, bias_hh, initial}, scratch);
  GruOutput y{output({rows, H}, inputs, nullptr, op), output({B, H}, inputs, nullptr, op)};
  const RecurrentSteps steps(packing, reverse, bool(initial));

  // What the backward needs of every step. If there is none, each step overwrites what the one before left.
  const bool recording = y.output.needs_grad();
  const std::size_t size = H, kept_rows = recording ? rows : B;
  Arena& arena = Tape::active().arena();
  const auto keep = [&](std::size_t n) { return recording ? arena.allocate(n) : scratch.allocate(n); };
  Real* const gates = keep(kept_rows * 3 * size);
  Real* const hidden_in = keep(kept_rows * size);
  Real* const product_n = keep(kept_rows * size);
  Real* const products = scratch.allocate(B * 3 * size);

  Real* const hidden = y.final.value().data;
  copy_or_zero(initial, hidden, B * size);
  Real* const masked = mask ? scratch.allocate(B * size) : hidden;
  for (int k = 0; k < steps.count(); ++k) {
    const RecurrentStep step = steps[k];
    const std::size_t row = step.begin, kept = recording ? row : 0, step_size = step.rows * size;
    Real* const x = gates + kept * 3 * size;
    Real* const h = y.output.value().data + row * size;
    kernels::copy(hidden, hidden_in + kept * size, step_size);
    kernels::copy(projected.value().data + row * 3 * size, x, 3 * step_size);
    for (int r = 0; r < step.rows; ++r) copy_or_zero(bias_hh, products + r * 3 * size, 3 * size);
    if (mask) kernels::mul(hidden, mask.value().data, masked, step.carried * size);
    add_weight_product(T, weight_hh, 0, H, step.carried, masked, products);  // + (m ∘ h) W_hhᵀ
    kernels::gru_forward(step.rows, H, x, products, hidden, h, product_n + kept * size);
    kernels::copy(h, hidden, step_size);
  }

  record(op, {y.output, y.final}, [=] {
    const Real* const doutput = y.output.node().grad;
    Real* const dproducts = Tape::active().arena().allocate(rows * 3 * size);
    Scratch scratch;
    Real* const dhidden = scratch.allocate(B * size);
    Real* const dmasked = mask ? scratch.allocate(B * size) : dhidden;
    copy_grad_or_zero(y.final, dhidden, B * size);
    for (int k = steps.count() - 1; k >= 0; --k) {
      const RecurrentStep step = steps[k];
      const std::size_t row = step.begin;
      Real* const dp = dproducts + row * 3 * size;
      if (doutput != nullptr) kernels::add(dhidden, doutput + row * size, dhidden, step.rows * size);
      kernels::gru_backward(step.rows, H, gates + row * 3 * size, product_n + row * size, hidden_in + row * size,
                            dhidden, dp);
      if (mask) kernels::fill(0, dmasked, step.carried * size);
      add_weight_product(N, weight_hh, 0, H, step.carried, dp, dmasked);  // dh += m ∘ (dh. W_hh)
      if (mask) kernels::add_product(dmasked, mask.value().data, dhidden, step.carried * size);
    }
    add_grad(initial, dhidden);
    add_grad(projected, gates);
    if (bias_hh) add_grad_of_rows(bias_hh, dproducts, rows);
    if (weight_hh.needs_grad()) {  // dW_hh += dh.ᵀ (m ∘ h)
      if (mask) steps.mask_rows(mask.value().data, H, hidden_in);
      const std::size_t begin = steps.carried_begin();
      const int carried = steps.carried_end() - steps.carried_begin();
      add_weight_gradient(weight_hh, 0, {dproducts + begin * 3 * size, {carried, 3 * H}},
                          {hidden_in + begin * size, {carried, H}});
    }
  });
  return y;
}

}

GruOutput gru_sequence(Tensor projected, Tensor weight_hh, Tensor bias_hh, Tensor initial, const Packing& packing,
                       bool reverse, Tensor mask) {
  return run("gru_sequence", projected, weight_hh, bias_hh, initial, packing, reverse, mask);
}

Tensor gru_cell(Tensor projected, Tensor hidden, Tensor weight_hh, Tensor bias_hh, Tensor mask) {
  if (hidden.rank() != 2) fail("gru_cell: the hidden state is {}; need (B, H)", hidden.shape());
  const int B = hidden.dim(0);
  Scratch scratch;
  const Packing packing(scratch.make_array(B, [](std::size_t) { return 1; }));
  return run("gru_cell", projected, weight_hh, bias_hh, hidden, packing, false, mask).output;
}

}
