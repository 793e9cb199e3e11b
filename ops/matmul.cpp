#include "ops/matmul.h"

#include <type_traits>

#include "autograd/gather.h"
#include "ops/gemm/blas.h"
#include "ops/gemm/weight_gradient.h"

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
    if (a.needs_grad()) gemm(N, T, 1, c.grad(), b.value(), 1, accumulator(a));  // da += dc bᵀ
    if (b.needs_grad()) add_weight_gradient(b, 0, a.value(), kept_grad(c));     // db += aᵀ dc
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
  const auto matrix = [](const auto& batch, int i) {
    const Shape shape = batch.shape.without(0);
    return std::decay_t<decltype(batch)>{batch.data + i * shape.size(), shape};
  };
  Tensor c = output({a.dim(0), a.dim(1), b.dim(2)}, {a, b});
  for (int i = 0; i < c.dim(0); ++i) gemm(N, N, 1, matrix(a.value(), i), matrix(b.value(), i), 0, matrix(c.value(), i));
  record("batched_matmul", c, [=] {
    for (int i = 0; i < c.dim(0); ++i) {
      const ConstArray dc = matrix(c.grad(), i);
      if (a.needs_grad()) gemm(N, T, 1, dc, matrix(b.value(), i), 1, matrix(accumulator(a), i));  // da += dc bᵀ
      if (b.needs_grad()) gemm(T, N, 1, matrix(a.value(), i), dc, 1, matrix(accumulator(b), i));  // db += aᵀ dc
    }
  });
  return c;
}

}
