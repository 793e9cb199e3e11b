#include "ops/gemm/weight_gradient.h"

#include <algorithm>

#include "autograd/gather.h"
#include "autograd/scratch.h"
#include "ops/gemm/blas.h"

namespace gradus::inline GRADUS_PRECISION {

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

}

void add_weight_gradient(Tensor weight, int first_col, const ConstArray& dy, const ConstArray& x) {
  contribute(weight, {.add = add_products,
                      .left = dy.data,
                      .right = x.data,
                      .left_stride = dy.cols(),
                      .right_stride = x.cols(),
                      .count = x.rows(),
                      .first_col = first_col,
                      .cols = x.cols()});
}

}
