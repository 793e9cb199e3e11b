#pragma once

#include <cstddef>

#include "autograd/scratch.h"
#include "ops/gemm/transpose.h"

namespace gradus::inline GRADUS_PRECISION {

/// The right factor of many products with few rows each, as at every step of a recurrent layer.
///
/// BLAS copies its factors into an order of its own at every call, and for few rows that takes longer than the product:
/// at 32 rows OpenBLAS runs at half its speed, at 8 rows at a quarter. Here the copy is made once.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  /// op(b): (k, n), stored with rows ldb apart. The copy lives in memory_size(k, n) numbers of `memory`.
  PackedMatrix(Transpose tb, int k, int n, const Real* b, int ldb, Real* memory);
  PackedMatrix(Transpose tb, int k, int n, const Real* b, int ldb, Scratch& scratch)
      : PackedMatrix(tb, k, n, b, ldb, scratch.allocate(memory_size(k, n))) {}
  static std::size_t memory_size(int k, int n);  ///< numbers of `Real`

  int rows() const { return k_; }  ///< k
  int cols() const { return n_; }  ///< n

  /// c += a b, with rows lda and ldc apart.   a: (m, k), c: (m, n)
  void add_product(int m, const Real* a, int lda, Real* c, int ldc) const { add_part(0, 1, m, a, lda, c, ldc); }
  /// The columns of c that are part `part` of `parts` nearly equal ones. If a row is given, (n), every row of c begins
  /// as that: c = row + a b.
  void add_part(int part, int parts, int m, const Real* a, int lda, Real* c, int ldc, const Real* row = nullptr) const;

 private:
  int k_ = 0, n_ = 0;
  const Real* panels_ = nullptr;
};

}
