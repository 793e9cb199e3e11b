#pragma once

#include <cstdint>

#include "autograd/tensor.h"
#include "ops/gemm/blas_info.h"
#include "ops/gemm/transpose.h"

/// The only door to BLAS. OpenBLAS is loaded at the first call, not at program start, because the kernel it should use
/// must be chosen before it loads; see the head of blas.cpp. Every call runs on the calling thread alone, and calls
/// from several threads at once are safe.

namespace gradus::inline GRADUS_PRECISION {

/// Short forms, so that a product reads like its formula: `gemm(N, T, ...)` is A Bᵀ.
inline constexpr Transpose N = Transpose::No;
inline constexpr Transpose T = Transpose::Yes;

/// C = alpha op(A) op(B) + beta C, row-major. op(A): (m, k), op(B): (k, n), C: (m, n); `ld*` are the distances between
/// the stored rows, at least the stored row length. Sizes may be zero; with beta = 0, C need not be initialised. Throws
/// Error if a size is negative or does not fit BLAS's 32 bits, or if a stride is shorter than its row.
void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Real* a,
          std::int64_t lda, const Real* b, std::int64_t ldb, Real beta, Real* c, std::int64_t ldc);

/// C = alpha op(A) op(B) + beta C for whole arrays, seen as matrices: the last axis is the row, all others count the
/// rows.
void gemm(Transpose ta, Transpose tb, Real alpha, const ConstArray& a, const ConstArray& b, Real beta, const Array& c);

}
