#include "ops/matmul.h"

#include <algorithm>

#include "autograd/gather.h"
#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/gemm/blas.h"
#include "ops/gemm/weight_gradient.h"
#include "ops/gradients.h"
#include "ops/layout.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// The axes in front of a matrix or a vector.
Shape batch_axes(const Shape& shape) {
  return Shape(std::span(shape.begin(), static_cast<std::size_t>(std::max(shape.rank() - 2, 0))));
}

/// Which products a batch is made of: c[i] = a[first(i)] b[second(i)], each factor (M, K) or (K, N).
struct Product {
  Broadcast batch;
  int M, K, N;

  Product(const char* op, Tensor a, Tensor b)
      : batch(op, batch_axes(a.shape()), batch_axes(b.shape())),
        M(a.rank() == 1 ? 1 : a.dim(-2)),
        K(a.dim(-1)),
        N(b.rank() == 1 ? 1 : b.dim(-1)) {}

  Shape result(Tensor a, Tensor b) const {
    int dims[Shape::kMaxRank], rank = 0;
    for (const int length : batch.shape()) dims[rank++] = length;
    if (a.rank() > 1) dims[rank++] = M;
    if (b.rank() > 1) dims[rank++] = N;
    return Shape(std::span(dims, static_cast<std::size_t>(rank)));
  }
  /// Calls visit(numbers of a before its matrix, of b before its matrix, of c before its matrix).
  template <class Visit>
  void each(Visit visit) const {
    const std::size_t a_size = std::size_t(M) * K, b_size = std::size_t(K) * N, c_size = std::size_t(M) * N;
    batch.each_row([&](const Broadcast::Row& row) {
      for (std::size_t i = 0; i < row.size; ++i) {
        visit((row.a.begin + i * row.a.step) * a_size, (row.b.begin + i * row.b.step) * b_size,
              (row.begin + i) * c_size);
      }
    });
  }
};

/// Each matrix of c by itself.
Tensor product_of_batches(const char* op, Tensor a, Tensor b) {
  for (int axis = -3; axis >= -std::min(a.rank(), b.rank()); --axis) {
    if (a.dim(axis) == b.dim(axis) || a.dim(axis) == 1 || b.dim(axis) == 1) continue;
    fail("{}: batches do not broadcast: a is {}, b is {}; need equal lengths or 1 on axis {}", op, a.shape(), b.shape(),
         axis);
  }
  const Product p(op, a, b);
  const int M = p.M, K = p.K, C = p.N;
  Tensor c = output(p.result(a, b), {a, b}, nullptr, op);
  p.each([&, va = a.value(), vb = b.value(), vc = c.value()](std::size_t i, std::size_t j, std::size_t k) {
    gemm(N, N, M, C, K, 1, va.data + i, K, vb.data + j, C, 0, vc.data + k, C);
  });
  record(op, c, [=] {
    const ConstArray va = a.value(), vb = b.value(), dc = c.grad();
    const Array da = detail::accumulator_if_needed(a), db = detail::accumulator_if_needed(b);
    p.each([&](std::size_t i, std::size_t j, std::size_t k) {
      if (da.data) gemm(N, T, M, K, C, 1, dc.data + k, C, vb.data + j, C, 1, da.data + i, K);  // da += dc bᵀ
      if (db.data) gemm(T, N, K, C, M, 1, va.data + i, K, dc.data + k, C, 1, db.data + j, C);  // db += aᵀ dc
    });
  });
  return c;
}

/// The matrices of a, below each other, times the one of b.
Tensor product_with_matrix(Tensor a, Tensor b) {
  Tensor c = output(a.shape().with(-1, b.dim(1)), {a, b}, nullptr, "matmul");
  gemm(N, N, 1, a.value(), b.value(), 0, c.value());
  // c_mn = Σ_k a_mk b_kn: a_mk meets every dc_mn with the factor b_kn, and b_kn every dc_mn with a_mk. So
  //     da_mk = Σ_n dc_mn b_kn, which is dc bᵀ        db_kn = Σ_m a_mk dc_mn, which is aᵀ dc
  record("matmul", c, [=] {
    if (a.needs_grad()) gemm(N, T, 1, c.grad(), b.value(), 1, accumulator(a));  // da += dc bᵀ
    if (b.needs_grad()) add_weight_gradient(b, 0, a.value(), kept_grad(c));     // db += aᵀ dc
  });
  return c;
}

}

Tensor matmul(Tensor a, Tensor b) {
  if (a.rank() == 0 || b.rank() == 0) {
    fail("matmul: a scalar: a is {}, b is {}; need (…, M, K) and (…, K, N), or a vector (K)", a.shape(), b.shape());
  }
  const int inner = b.rank() == 1 ? -1 : -2;
  if (a.dim(-1) != b.dim(inner)) {
    fail("matmul: inner dimensions differ: a is {}, b is {}; need a.dim(-1) == b.dim({})", a.shape(), b.shape(), inner);
  }
  return a.rank() > 1 && b.rank() == 2 ? product_with_matrix(a, b) : product_of_batches("matmul", a, b);
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
  return product_of_batches("batched_matmul", a, b);
}

Tensor outer(Tensor a, Tensor b) {
  if (a.rank() != 1 || b.rank() != 1) {
    fail("outer: not vectors: a is {}, b is {}; need (M) and (N)", a.shape(), b.shape());
  }
  return reshape(a, {a.dim(0), 1}) * reshape(b, {1, b.dim(0)});
}

}
