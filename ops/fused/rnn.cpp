#include "autograd/scratch.h"
#include "ops/fused/recurrent.h"
#include "ops/fused/recurrent_steps.h"
#include "ops/fused/unfused.h"
#include "ops/gemm/weight_gradient.h"
#include "ops/gemm/weight_product.h"

// Backward of one step, given dh' (∘ is elementwise):
//
//     da = dh' ∘ f'(a), where f'(a) follows from h' alone: 1 - h'² for tanh, 1 where h' > 0 for relu
//     dh = da W_hh      dW_hh += daᵀ h            (and likewise for every other term of a)
//
// A layer computes the other terms of all steps by one product each, straight into the memory of its output.

namespace gradus::inline GRADUS_PRECISION {

using namespace detail;

namespace {

void require_shapes(const char* op, Tensor base, std::span<const LinearTerm> terms, Tensor weight_hh, Tensor initial,
                    const Packing& packing) {
  if (weight_hh.rank() != 2 || weight_hh.dim(0) != weight_hh.dim(1)) {
    fail("{}: weight_hh is {}; need (H, H)", op, weight_hh.shape());
  }
  const int H = weight_hh.dim(1), rows = packing.rows();
  if (base && base.shape() != Shape{rows, H} && base.shape() != Shape{H}) {
    fail("{}: base does not fit: base is {}, weight_hh is {}, the packing has {} rows; need base {} or {}", op,
         base.shape(), weight_hh.shape(), rows, Shape{rows, H}, Shape{H});
  }
  require_terms(op, terms, rows, H);
  if (initial && initial.shape() != Shape{packing.batch(), H}) {
    fail("{}: the initial state is {}; need (B, H) = {}", op, initial.shape(), Shape{packing.batch(), H});
  }
}

}

RnnOutput rnn_sequence(Tensor base, List<LinearTerm> terms, Tensor weight_hh, Tensor initial, const Packing& packing,
                       bool reverse, Nonlinearity nonlinearity, Tensor mask) {
  const bool is_tanh = nonlinearity == Nonlinearity::Tanh;
  const char* const op = is_tanh ? "rnn_tanh_sequence" : "rnn_relu_sequence";
  require_shapes(op, base, terms, weight_hh, initial, packing);
  const int B = packing.batch(), H = weight_hh.dim(1), rows = packing.rows();
  require_mask(op, mask, {B, H});
  if (Unfused::is_on())
    return unfused::rnn_sequence(base, terms, weight_hh, initial, packing, reverse, nonlinearity, mask);
  Scratch scratch;
  const std::span inputs = inputs_of({base, weight_hh, initial}, terms, scratch);
  RnnOutput y{output({rows, H}, inputs), output({B, H}, inputs)};
  const RecurrentSteps steps(packing, reverse, bool(initial));
  const std::size_t size = H;

  Real* const hidden = y.final.value().data;
  copy_or_zero(initial, hidden, B * size);
  Real* const masked = mask ? scratch.allocate(B * size) : hidden;
  sum_terms(base, terms, y.output.value());
  for (int k = 0; k < steps.count(); ++k) {
    const RecurrentStep step = steps[k];
    Real* const a = y.output.value().data + step.begin * size;
    if (mask) kernels::mul(hidden, mask.value().data, masked, step.carried * size);
    add_weight_product(T, weight_hh, 0, H, step.carried, masked, a);  // a += (m ∘ h) W_hhᵀ
    (is_tanh ? kernels::tanh : kernels::relu)(a, hidden, step.rows * size);
    kernels::copy(hidden, a, step.rows * size);
  }

  record(op, {y.output, y.final}, [=, kept = Tape::active().arena().copy<LinearTerm>(terms)] {
    const Real* const doutput = y.output.node().grad;
    const Real* const h = y.output.value().data;
    Real* const da = Tape::active().arena().allocate(rows * size);
    Scratch scratch;
    Real* const dhidden = scratch.allocate(B * size);
    copy_grad_or_zero(y.final, dhidden, B * size);
    for (int k = steps.count() - 1; k >= 0; --k) {
      const RecurrentStep step = steps[k];
      const std::size_t begin = step.begin * size, n = step.rows * size;
      if (doutput != nullptr) kernels::add(dhidden, doutput + begin, dhidden, n);
      (is_tanh ? kernels::tanh_backward : kernels::relu_backward)(h + begin, dhidden, da + begin, n);
      kernels::fill(0, dhidden, step.carried * size);
      add_weight_product(N, weight_hh, 0, H, step.carried, da + begin, dhidden);  // dh = m ∘ (da W_hh)
      if (mask) kernels::mul(dhidden, mask.value().data, dhidden, step.carried * size);
    }
    add_grad(initial, dhidden);
    add_sum_gradients(base, kept, {da, {rows, H}});
    if (weight_hh.needs_grad()) {  // dW_hh += daᵀ (m ∘ h)
      Real* const hidden_in = Tape::active().arena().allocate(rows * size);
      steps.states_before(initial, h, H, hidden_in);
      if (mask) steps.mask_rows(mask.value().data, H, hidden_in);
      const std::size_t begin = steps.carried_begin();
      const int carried = steps.carried_end() - steps.carried_begin();
      add_weight_gradient(weight_hh, 0, {da + begin * size, {carried, H}}, {hidden_in + begin * size, {carried, H}});
    }
  });
  return y;
}

}
