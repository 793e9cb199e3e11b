#include "autograd/scratch.h"
#include "ops/fused/recurrent.h"
#include "ops/fused/recurrent_steps.h"
#include "ops/fused/unfused.h"
#include "ops/gemm/weight_gradient.h"
#include "ops/gemm/weight_product.h"
#include "ops/kernels/recurrent.h"

// Backward of one step, given dh' and dc' (all products of gates are elementwise):
//
//     dc' += dh' o (1 - tanh² c')                 dc = dc' f
//     da_i = dc' g i (1 - i)                      da_g = dc' i (1 - g²)
//     da_f = dc' c f (1 - f)                      da_o = dh' tanh(c') o (1 - o)
//     dh = da W_hh      dW_hh += daᵀ h            (and likewise for every other term of a)
//
// A layer computes the other terms of all steps by one product each, straight into the memory of the gates.
//
// Nothing else needs the gates by then, so their memory becomes that of da; and that of the cells becomes h.

namespace gradus::inline GRADUS_PRECISION {

using namespace detail;

namespace {

void require_cell_shapes(Tensor base, Tensor cell) {
  if (cell.rank() != 2) fail("lstm_cell: cell is {}; need (B, H)", cell.shape());
  const Shape all{cell.dim(0), 4 * cell.dim(1)}, row{4 * cell.dim(1)};
  if (base && base.shape() != all && base.shape() != row) {
    fail("lstm_cell: base does not fit: base is {}, cell is {}; need base {} or {}", base.shape(), cell.shape(), all,
         row);
  }
}

void require_sequence_shapes(Tensor base, std::span<const LinearTerm> terms, Tensor weight_hh, LstmState initial,
                             const Packing& packing) {
  if (weight_hh.rank() != 2 || weight_hh.dim(0) != 4 * weight_hh.dim(1)) {
    fail("lstm_sequence: weight_hh is {}; need (4H, H)", weight_hh.shape());
  }
  const int H = weight_hh.dim(1);
  const Shape all{packing.rows(), 4 * H}, row{4 * H};
  if (base && base.shape() != all && base.shape() != row) {
    fail("lstm_sequence: base does not fit: base is {}, weight_hh is {}, the packing has {} rows; need base {} or {}",
         base.shape(), weight_hh.shape(), packing.rows(), all, row);
  }
  require_terms("lstm_sequence", terms, packing.rows(), 4 * H);
  for (const Tensor& state : {initial.hidden, initial.cell}) {
    if (state && state.shape() != Shape{packing.batch(), H}) {
      fail("lstm_sequence: the initial state is {}; need (B, H) = {}", state.shape(), Shape{packing.batch(), H});
    }
  }
}

}

LstmState lstm_cell(Tensor base, List<LinearTerm> terms, Tensor cell) {
  require_cell_shapes(base, cell);
  const int B = cell.dim(0), H = cell.dim(1);
  const std::size_t size = cell.size();
  require_terms("lstm_cell", terms, B, 4 * H);
  if (Unfused::is_on()) return unfused::lstm_cell(base, terms, cell);
  Scratch scratch;
  const std::span inputs = inputs_of({base, cell}, terms, scratch);
  LstmState next{output({B, H}, inputs), output({B, H}, inputs)};

  const bool recording = next.cell.needs_grad();
  Arena& arena = Tape::active().arena();
  Real* const gates = recording ? arena.allocate(4 * size) : scratch.allocate(4 * size);
  sum_terms(base, terms, {gates, {B, 4 * H}});
  kernels::lstm_forward(B, H, gates, cell.value().data, next.cell.value().data, next.hidden.value().data);

  record("lstm_cell", {next.hidden, next.cell}, [=, kept = arena.copy<LinearTerm>(terms)] {
    Scratch scratch;
    Real* const dhidden = scratch.allocate(size);
    Real* const dcell = scratch.allocate(size);
    copy_grad_or_zero(next.hidden, dhidden, size);
    copy_grad_or_zero(next.cell, dcell, size);
    kernels::lstm_backward(B, H, gates, cell.value().data, dhidden, dcell);
    add_grad(cell, dcell);
    add_sum_gradients(base, kept, {gates, {B, 4 * H}});
  });
  return next;
}

LstmOutput lstm_sequence(Tensor base, List<LinearTerm> terms, Tensor weight_hh, LstmState initial,
                         const Packing& packing, bool reverse, Tensor mask) {
  require_sequence_shapes(base, terms, weight_hh, initial, packing);
  const int B = packing.batch(), H = weight_hh.dim(1), rows = packing.rows();
  require_mask("lstm_sequence", mask, {B, H});
  if (Unfused::is_on()) return unfused::lstm_sequence(base, terms, weight_hh, initial, packing, reverse, mask);
  Scratch scratch;
  const std::span inputs = inputs_of({base, weight_hh, initial.hidden, initial.cell}, terms, scratch);
  LstmOutput y{output({rows, H}, inputs), {output({B, H}, inputs), output({B, H}, inputs)}};
  const RecurrentSteps steps(packing, reverse, bool(initial.hidden));

  // What the backward needs of every step: the gates, and the cell before it.
  const bool recording = y.output.needs_grad();
  const std::size_t size = H, gates_size = std::size_t(rows) * 4 * size;
  Arena& arena = Tape::active().arena();
  Real* const gates = recording ? arena.allocate(gates_size) : scratch.allocate(gates_size);
  Real* const cell_in = recording ? arena.allocate(rows * size) : nullptr;

  Real* const hidden = y.final.hidden.value().data;
  Real* const cell = y.final.cell.value().data;
  copy_or_zero(initial.hidden, hidden, B * size);
  copy_or_zero(initial.cell, cell, B * size);
  Real* const masked = mask ? scratch.allocate(B * size) : hidden;
  sum_terms(base, terms, {gates, {rows, 4 * H}});
  for (int k = 0; k < steps.count(); ++k) {
    const RecurrentStep step = steps[k];
    const std::size_t row = step.begin, step_size = step.rows * size;
    Real* const a = gates + row * 4 * size;
    Real* const h = y.output.value().data + row * size;
    if (recording) kernels::copy(cell, cell_in + row * size, step_size);
    if (mask) kernels::mul(hidden, mask.value().data, masked, step.carried * size);
    add_weight_product(T, weight_hh, 0, H, step.carried, masked, a);  // a += (m ∘ h) W_hhᵀ
    kernels::lstm_forward(step.rows, H, a, cell, cell, h);
    kernels::copy(h, hidden, step_size);
  }

  record("lstm_sequence", {y.output, y.final.hidden, y.final.cell}, [=, kept = arena.copy<LinearTerm>(terms)] {
    const Real* const doutput = y.output.node().grad;
    Scratch scratch;
    Real* const dhidden = scratch.allocate(B * size);
    Real* const dcell = scratch.allocate(B * size);
    copy_grad_or_zero(y.final.hidden, dhidden, B * size);
    copy_grad_or_zero(y.final.cell, dcell, B * size);
    for (int k = steps.count() - 1; k >= 0; --k) {
      const RecurrentStep step = steps[k];
      const std::size_t row = step.begin;
      Real* const da = gates + row * 4 * size;
      if (doutput != nullptr) kernels::add(dhidden, doutput + row * size, dhidden, step.rows * size);
      kernels::lstm_backward(step.rows, H, da, cell_in + row * size, dhidden, dcell);
      kernels::fill(0, dhidden, step.carried * size);
      add_weight_product(N, weight_hh, 0, H, step.carried, da, dhidden);  // dh = m ∘ (da W_hh)
      if (mask) kernels::mul(dhidden, mask.value().data, dhidden, step.carried * size);
    }
    add_grad(initial.hidden, dhidden);
    add_grad(initial.cell, dcell);
    add_sum_gradients(base, kept, {gates, {rows, 4 * H}});
    if (weight_hh.needs_grad()) {  // dW_hh += daᵀ (m ∘ h)
      Real* const hidden_in = cell_in;
      steps.states_before(initial.hidden, y.output.value().data, H, hidden_in);
      if (mask) steps.mask_rows(mask.value().data, H, hidden_in);
      const std::size_t begin = steps.carried_begin();
      const int carried = steps.carried_end() - steps.carried_begin();
      add_weight_gradient(weight_hh, 0, {gates + begin * 4 * size, {carried, 4 * H}},
                          {hidden_in + begin * size, {carried, H}});
    }
  });
  return y;
}

}
