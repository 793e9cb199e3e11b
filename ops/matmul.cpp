#include "ops/matmul.h"

#include <algorithm>

#include "ops/contribute.h"
#include "ops/gemm/blas.h"
#include "ops/gemm/weight_product.h"
#include "ops/gradients.h"
#include "ops/kernels/kernels.h"

namespace gradus::inline GRADUS_PRECISION {

Tensor matmul(Tensor a, Tensor b) {
  if (a.rank() != 2 || b.rank() != 2) {
    fail("matmul: not matrices: a is {}, b is {}; need (M, K) and (K, N)", a.shape(), b.shape());
  }
  if (a.dim(1) != b.dim(0)) {
    fail("matmul: inner dimensions differ: a is {}, b is {}; need a.dim(-1) == b.dim(-2)", a.shape(), b.shape());
  }
  Tensor c = output({a.dim(0), b.dim(1)}, {a, b});
  gemm(N, N, 1, a.value(), b.value(), 0, c.value());
  // c_mn = Σ_k a_mk b_kn: a_mk meets every dc_mn with the factor b_kn, and b_kn every dc_mn with a_mk. So
  //     da_mk = Σ_n dc_mn b_kn, which is dc bᵀ        db_kn = Σ_m a_mk dc_mn, which is aᵀ dc
  record("matmul", c, [=] {
    if (a.needs_grad()) gemm(N, T, 1, c.grad(), b.value(), 1, a.grad());      // da += dc bᵀ
    if (b.needs_grad()) detail::add_weight_gradient(b, a.value(), c.grad());  // db += aᵀ dc
  });
  return c;
}

Tensor batched_matmul(Tensor a, Tensor b) {
  if (a.rank() != 3 || b.rank() != 3) {
    fail("batched_matmul: not batches of matrices: a is {}, b is {}; need (B, M, K) and (B, K, N)", a.shape(),
         b.shape());
  }
  if (a.dim(0) != b.dim(0)) {
    fail("batched_matmul: batch sizes differ: a is {}, b is {}; need a.dim(0) == b.dim(0)", a.shape(), b.shape());
  }
  if (a.dim(2) != b.dim(1)) {
    fail("batched_matmul: inner dimensions differ: a is {}, b is {}; need a.dim(-1) == b.dim(-2)", a.shape(),
         b.shape());
  }
  const auto matrix = [](const Array& batch, int i) {
    const Shape shape = batch.shape.without(0);
    return Array{batch.data + i * shape.size(), shape};
  };
  Tensor c = output({a.dim(0), a.dim(1), b.dim(2)}, {a, b});
  for (int i = 0; i < c.dim(0); ++i) gemm(N, N, 1, matrix(a.value(), i), matrix(b.value(), i), 0, matrix(c.value(), i));
  record("batched_matmul", c, [=] {
    for (int i = 0; i < c.dim(0); ++i) {
      const Array dc = matrix(c.grad(), i);
      if (a.needs_grad()) gemm(N, T, 1, dc, matrix(b.value(), i), 1, matrix(a.grad(), i));  // da += dc bᵀ
      if (b.needs_grad()) gemm(T, N, 1, matrix(a.value(), i), dc, 1, matrix(b.grad(), i));  // db += aᵀ dc
    }
  });
  return c;
}

namespace {

// Pairs with at least this many rows are worth a product of their own. Shorter ones are gathered first, up to
// kPackedRows rows at a time, which bounds the memory and still amortises reading and writing the gradient.
constexpr int kInPlaceRows = 512;
constexpr int kPackedRows = 1024;

bool same_columns(const Contribution& a, const Contribution& b) {
  return a.first_col == b.first_col && a.cols == b.cols;
}

/// Rows of many short matrices, copied below each other.
struct Packed {
  Real* left;
  Real* right;
  int count = 0;
};

/// dW[row_begin : row_end, first_col : first_col + cols] += leftᵀ right, for all pairs with the columns of `like`.
void add_products_of(const Contribution& like, Array grad, int row_begin, int row_end,
                     std::span<const Contribution> pairs) {
  const int rows = row_end - row_begin, cols = like.cols;
  const int grad_stride = grad.cols();
  Real* const block = grad.data + static_cast<std::size_t>(row_begin) * grad_stride + like.first_col;
  const auto product = [&](const Real* left, int left_stride, const Real* right, int right_stride, int count) {
    gemm(T, N, rows, cols, count, 1, left, left_stride, right, right_stride, 1, block, grad_stride);
  };

  std::size_t short_rows = 0;
  for (const Contribution& pair : pairs) {
    if (same_columns(pair, like) && pair.count < kInPlaceRows) short_rows += pair.count;
  }
  Scratch scratch;
  const std::size_t capacity = std::min<std::size_t>(short_rows, kPackedRows);
  Packed packed{scratch.allocate(capacity * rows), scratch.allocate(capacity * cols)};
  const auto flush = [&] {
    if (packed.count > 0) product(packed.left, rows, packed.right, cols, packed.count);
    packed.count = 0;
  };
  for (const Contribution& pair : pairs) {
    if (!same_columns(pair, like)) continue;
    if (pair.count >= kInPlaceRows) {
      product(pair.left + row_begin, pair.left_stride, pair.right, pair.right_stride, pair.count);
      continue;
    }
    if (packed.count + pair.count > kPackedRows) flush();
    for (int i = 0; i < pair.count; ++i, ++packed.count) {
      const std::size_t from = i, to = packed.count;
      std::copy_n(pair.left + from * pair.left_stride + row_begin, rows, packed.left + to * rows);
      std::copy_n(pair.right + from * pair.right_stride, cols, packed.right + to * cols);
    }
  }
  flush();
}

/// Contribution::Add for products. The uses of one weight may go to different columns of it: one group after another.
void add_products(Array grad, int row_begin, int row_end, std::span<const Contribution> pairs) {
  for (auto pair = pairs.begin(); pair != pairs.end(); ++pair) {
    const auto first = std::find_if(pairs.begin(), pair, [&](const auto& other) { return same_columns(other, *pair); });
    if (first == pair) add_products_of(*pair, grad, row_begin, row_end, pairs);
  }
}

/// dW[:, first_col : first_col + in] += dyᵀ x.   dy: (rows, out), x: (rows, in)
void add_product(Tensor weight, const Real* dy, int out, const Array& x, int first_col) {
  contribute(weight, {.add = add_products,
                      .left = dy,
                      .right = x.data,
                      .left_stride = out,
                      .right_stride = x.cols(),
                      .count = x.rows(),
                      .first_col = first_col,
                      .cols = x.cols()});
}

}

namespace detail {

void require_term(const char* op, const LinearTerm& term, int rows, int out) {
  const auto [x, weight, first_col] = term;
  if (x.rank() != 2 || x.dim(0) != rows) fail("{}: x does not fit: x is {}; need ({}, in)", op, x.shape(), rows);
  if (weight.rank() != 2 || weight.dim(0) != out) {
    fail("{}: weight does not fit: weight is {}; need ({}, in)", op, weight.shape(), out);
  }
  if (first_col < 0 || x.dim(1) > weight.dim(1) - first_col) {
    fail("{}: too few columns: x is {}, weight is {}, first_col is {}; need first_col + x.dim(-1) <= weight.dim(-1)",
         op, x.shape(), weight.shape(), first_col);
  }
}

std::span<const Tensor> inputs_of(std::initializer_list<Tensor> tensors, std::span<const LinearTerm> terms,
                                  Scratch& scratch) {
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
    add_linear_term(term.x, term.weight, term.first_col, y.data, row);
    row = nullptr;
  }
}

void add_sum_gradients(Tensor base, std::span<const LinearTerm> terms, const Array& dy) {
  if (base && base.rank() == 1) {
    add_grad_of_rows(base, dy.data, dy.rows());
  } else {
    add_grad(base, dy.data);
  }
  for (const auto& [term_x, weight, first_col] : terms) {
    const Array x = term_x.value();
    if (term_x.needs_grad()) {  // dx += dy W
      add_weight_product(N, weight, first_col, x.cols(), x.rows(), dy.data, term_x.grad().data);
    }
    if (weight.needs_grad()) add_product(weight, dy.data, dy.cols(), x, first_col);  // dW += dyᵀ x
  }
}

void add_weight_gradient(Tensor weight, const Array& left, const Array& right) {
  add_product(weight, left.data, left.cols(), right, 0);
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
  const Shape shape = x.shape().with(-1, out);
  Tensor y = bias ? output(shape, {x, weight, bias}) : output(shape, {x, weight});
  const LinearTerm term{x, weight};
  detail::sum_terms(bias, {&term, 1}, y.value());                                       // y = b + x Wᵀ
  record("linear", y, [=] { detail::add_sum_gradients(bias, {&term, 1}, y.grad()); });  // db += Σ dy, dx += dy W, …
  return y;
}

namespace {

enum class Activation { None, Tanh };

Tensor activated_sum(const char* op, Activation activation, Tensor base, std::span<const LinearTerm> terms) {
  const bool rows_in_base = base && base.rank() == 2;
  if (!rows_in_base && (terms.empty() || (base && base.rank() != 1))) {
    fail("{}: base does not fit: base is {}, {} terms; need (N, out), or (out) or nothing with a term", op,
         base ? to_string(base.shape()) : "empty", terms.size());
  }
  const int out = base ? base.dim(-1) : terms[0].weight.dim(0), rows = rows_in_base ? base.dim(0) : terms[0].x.dim(0);
  Scratch scratch;
  for (const LinearTerm& term : terms) detail::require_term(op, term, rows, out);
  Tensor y = output({rows, out}, detail::inputs_of({base}, terms, scratch));
  detail::sum_terms(base, terms, y.value());  // a = base + Σ x Wᵀ
  if (activation == Activation::Tanh) kernels::tanh(y.value().data, y.value().data, y.size());
  record(op, y, [=, terms = Tape::active().copy(terms)] {
    Real* da = y.grad().data;
    if (activation == Activation::Tanh) {  // da = dy ∘ (1 - y²)
      if (Tape::active().keeps_grads()) da = Tape::active().allocate(y.size());
      kernels::tanh_backward(y.value().data, y.grad().data, da, y.size());
    }
    detail::add_sum_gradients(base, terms, {da, y.shape()});
  });
  return y;
}

}

Tensor linear_sum(Tensor base, std::span<const LinearTerm> terms) {
  return activated_sum("linear_sum", Activation::None, base, terms);
}

Tensor linear_sum(Tensor base, std::initializer_list<LinearTerm> terms) {
  return linear_sum(base, std::span(terms.begin(), terms.size()));
}

Tensor linear_sum_tanh(Tensor base, std::span<const LinearTerm> terms) {
  return activated_sum("linear_sum_tanh", Activation::Tanh, base, terms);
}

std::span<const LinearTerm> terms_of(std::span<const Tensor> parts, Tensor weight, Scratch& scratch) {
  auto* const terms = scratch.allocate<LinearTerm>(parts.size());
  int columns = 0;
  for (std::size_t i = 0; i < parts.size(); columns += parts[i++].dim(-1)) {
    new (&terms[i]) LinearTerm{parts[i], weight, columns};
  }
  if (weight.rank() != 2 || columns != weight.dim(1)) {
    fail("linear: input sizes differ: x is (…, {}), weight is {}; need x.dim(-1) == weight.dim(-1)", columns,
         weight.shape());
  }
  return {terms, parts.size()};
}

}
