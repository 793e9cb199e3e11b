#include "ops/fused/linear.h"

#include <algorithm>
#include <utility>

#include "autograd/gather.h"
#include "autograd/scratch.h"
#include "ops/fused/unfused.h"
#include "ops/gemm/weight_gradient.h"
#include "ops/gemm/weight_product.h"
#include "ops/gradients.h"
#include "ops/kernels/elementwise.h"

namespace gradus::inline GRADUS_PRECISION {

namespace detail {

void require_terms(const char* op, std::span<const LinearTerm> terms, int rows, int out) {
  for (const LinearTerm& term : terms) {
    const auto [x, weight, first_col] = term;
    if (x.rank() != 2 || x.dim(0) != rows) fail("{}: x does not fit: x is {}; need ({}, in)", op, x.shape(), rows);
    if (weight.rank() != 2 || weight.dim(0) != out) {
      fail("{}: weight does not fit: weight is {}; need ({}, in)", op, weight.shape(), out);
    }
    if (term.begin() < 0 || x.dim(1) > weight.dim(1) - term.begin()) {
      fail("{}: too few columns: x is {}, weight is {}, first_col is {}; need first_col + x.dim(-1) <= weight.dim(-1)",
           op, x.shape(), weight.shape(), term.begin());
    }
    const auto is_of_weight = [&node = weight.node()](const LinearTerm& other) {
      return &other.weight.node() == &node;
    };
    if (first_col == LinearTerm::kAllColumns && x.dim(1) != weight.dim(1) &&
        std::ranges::count_if(terms, is_of_weight) == 1) {
      fail("{}: input sizes differ: x is {}, weight is {}; need x.dim(-1) == weight.dim(-1), or the term's first_col",
           op, x.shape(), weight.shape());
    }
  }
}

std::span<const Tensor> inputs_of(List<Tensor> tensors, std::span<const LinearTerm> terms, Scratch& scratch) {
  Tensor* const inputs = scratch.allocate<Tensor>(tensors.size() + 2 * terms.size());
  std::size_t count = 0;
  for (const Tensor& tensor : tensors) {
    if (tensor) new (&inputs[count++]) Tensor(tensor);
  }
  for (const LinearTerm& term : terms) {
    for (const Tensor& tensor : {term.x, term.weight}) new (&inputs[count++]) Tensor(tensor);
  }
  return {inputs, count};
}

void sum_terms(Tensor base, std::span<const LinearTerm> terms, const Array& y) {
  const bool is_row = base && base.size() == static_cast<std::size_t>(y.cols()) && !terms.empty();
  const Real* row = is_row ? base.value().data : nullptr;  // which the first product begins with
  if (!base) {
    kernels::fill(0, y.data, y.size());
  } else if (!is_row) {
    for (std::size_t i = 0; i < y.size(); i += base.size()) kernels::copy(base.value().data, y.data + i, base.size());
  }
  for (const LinearTerm& term : terms) {
    add_linear_term(term.x, term.weight, term.begin(), y.data, row);
    row = nullptr;
  }
}

void add_sum_gradients(Tensor base, std::span<const LinearTerm> terms, const ConstArray& dy) {
  if (base && base.rank() == 1) {
    add_grad_of_rows(base, dy.data, dy.rows());
  } else {
    add_grad(base, dy.data);
  }
  for (const LinearTerm& term : terms) {
    const ConstArray x = term.x.value();
    if (term.x.needs_grad()) {  // dx += dy W
      add_weight_product(N, term.weight, term.begin(), x.cols(), x.rows(), dy.data, accumulator(term.x).data);
    }
    if (term.weight.needs_grad()) add_weight_gradient(term.weight, term.begin(), dy, x);  // dW += dyᵀ x
  }
}

}

Tensor linear(Tensor x, Tensor weight, Tensor bias) {
  if (weight.rank() != 2) fail("linear: weight is no matrix: weight is {}; need (out, in)", weight.shape());
  if (x.rank() < 1 || x.dim(-1) != weight.dim(1)) {
    fail("linear: input sizes differ: x is {}, weight is {}; need x.dim(-1) == weight.dim(-1)", x.shape(),
         weight.shape());
  }
  const int out = weight.dim(0);
  if (bias && bias.shape() != Shape{out}) {
    fail("linear: bias does not fit: bias is {}, weight is {}; need bias ({})", bias.shape(), weight.shape(), out);
  }
  if (Unfused::is_on()) return unfused::linear(x, weight, bias);
  const Shape shape = x.shape().with(-1, out);
  Tensor y = bias ? output(shape, {x, weight, bias}) : output(shape, {x, weight});
  const LinearTerm term{x, weight};
  detail::sum_terms(bias, {&term, 1}, y.value());                                           // y = b + x Wᵀ
  record("linear", y, [=] { detail::add_sum_gradients(bias, {&term, 1}, kept_grad(y)); });  // db += Σ dy, dx += dy W, …
  return y;
}

namespace {

enum class SumActivation { None, Tanh };

Tensor activated_sum(const char* op, SumActivation activation, Tensor base, std::span<const LinearTerm> terms) {
  const bool rows_in_base = base && base.rank() == 2;
  if (!rows_in_base && (terms.empty() || (base && base.rank() != 1))) {
    fail("{}: base does not fit: base is {}, {} terms; need (N, out), or (out) or nothing with a term", op,
         base ? to_string(base.shape()) : "empty", terms.size());
  }
  const int out = base ? base.dim(-1) : terms[0].weight.dim(0), rows = rows_in_base ? base.dim(0) : terms[0].x.dim(0);
  Scratch scratch;
  detail::require_terms(op, terms, rows, out);
  if (Unfused::is_on() && activation == SumActivation::None) return unfused::linear_sum(base, terms);
  if (Unfused::is_on()) return unfused::linear_sum_tanh(base, terms);
  Tensor y = output({rows, out}, detail::inputs_of({base}, terms, scratch), nullptr, op);
  detail::sum_terms(base, terms, y.value());  // a = base + Σ x Wᵀ
  if (activation == SumActivation::Tanh) kernels::tanh(y.value().data, y.value().data, y.size());
  record(op, y, [=, terms = Tape::active().arena().copy(terms)] {
    if (activation == SumActivation::None) return detail::add_sum_gradients(base, terms, kept_grad(y));
    Real* const da = Tape::active().arena().allocate(y.size());  // da = dy ∘ (1 - y²)
    kernels::tanh_backward(y.value().data, y.grad().data, da, y.size());
    detail::add_sum_gradients(base, terms, {da, y.shape()});
  });
  return y;
}

}

Tensor linear_sum(Tensor base, List<LinearTerm> terms) {
  return activated_sum("linear_sum", SumActivation::None, base, terms);
}

Tensor linear_sum_tanh(Tensor base, List<LinearTerm> terms) {
  return activated_sum("linear_sum_tanh", SumActivation::Tanh, base, terms);
}

std::span<const LinearTerm> terms_of(std::span<const Tensor> parts, Tensor weight, Scratch& scratch) {
  int columns = 0;
  const std::span terms = scratch.make_array(parts.size(), [&](std::size_t i) {
    return LinearTerm{parts[i], weight, std::exchange(columns, columns + parts[i].dim(-1))};
  });
  if (weight.rank() != 2 || columns != weight.dim(1)) {
    fail("linear: input sizes differ: x is (…, {}), weight is {}; need x.dim(-1) == weight.dim(-1)", columns,
         weight.shape());
  }
  return terms;
}

}
