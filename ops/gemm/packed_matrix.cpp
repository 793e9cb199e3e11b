#include "ops/gemm/packed_matrix.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "autograd/scratch.h"
#include "ops/gemm/blas.h"
#include "ops/kernels/vector_math.h"

// The matrix is cut into panels of kPanel columns, the last one filled up with zeros, and each is stored row by row, so
// that a product reads it from front to back. A tile of c, some rows by the columns of two vectors, stays in registers
// while k runs: each step multiplies one row of the panel with one number of each row of a. There are as many rows in a
// tile as registers allow: 24 of AVX-512's 32 registers hold sums, and 12 of the 16 there are otherwise.

namespace gradus::inline GRADUS_PRECISION {

namespace {

constexpr int kPanel = 128 / sizeof(Real);

struct Operands {
  int k;
  const Real* a;
  int lda;
  const Real* b;      ///< where in the panel the tile's columns begin
  const Real* begin;  ///< what the sums begin with
  int ld_begin;
  Real* c;
  int ldc;
};

/// GCC's vectors, whose operators work on all elements at once.
template <int kBytes>
struct Simd;
template <>
struct Simd<16> {
  typedef Real Vector __attribute__((vector_size(16)));
};
template <>
struct Simd<32> {
  typedef Real Vector __attribute__((vector_size(32)));
};
template <>
struct Simd<64> {
  typedef Real Vector __attribute__((vector_size(64)));
};

/// c[0 : kRows, 0 : 2 vectors] = begin + a b.
template <int kBytes, int kRows>
GRADUS_INLINE void add_tile(const Operands& x) {
  using Vector = typename Simd<kBytes>::Vector;
  constexpr int kWidth = kBytes / sizeof(Real);
  Vector sums[kRows][2], b[2];
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
    const Real* row = x.begin + std::size_t(i) * x.ld_begin;
    std::memcpy(&sums[i][0], row, kBytes);
    std::memcpy(&sums[i][1], row + kWidth, kBytes);
  }
  const Real* b_row = x.b;
  for (int l = 0; l < x.k; ++l, b_row += kPanel) {
    std::memcpy(&b[0], b_row, kBytes);
    std::memcpy(&b[1], b_row + kWidth, kBytes);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      const Real factor = x.a[std::size_t(i) * x.lda + l];
      sums[i][0] += factor * b[0];
      sums[i][1] += factor * b[1];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
    Real* row = x.c + std::size_t(i) * x.ldc;
    std::memcpy(row, &sums[i][0], kBytes);
    std::memcpy(row + kWidth, &sums[i][1], kBytes);
  }
}

/// c[0 : rows, 0 : kPanel] = begin + a b, for up to kMaxRows rows.
template <int kBytes, int kMaxRows>
GRADUS_INLINE void add_rows(int rows, Operands x) {
  for (int column = 0; column < kPanel; column += 2 * kBytes / int(sizeof(Real))) {
    [&]<int... kLess>(std::integer_sequence<int, kLess...>) __attribute__((always_inline)) {
      ((rows == kLess + 1 ? add_tile<kBytes, kLess + 1>(x) : void()), ...);
    }
    (std::make_integer_sequence<int, kMaxRows>());
    x.b += 2 * kBytes / sizeof(Real);
    x.begin += 2 * kBytes / sizeof(Real);
    x.c += 2 * kBytes / sizeof(Real);
  }
}

/// c[0 : m, 0 : kPanel] = begin + a b, in tiles of rows as equal as possible.
template <int kBytes, int kMaxRows>
GRADUS_INLINE void add_panel(int m, const Operands& x) {
  const int tiles = (m + kMaxRows - 1) / kMaxRows;
  for (int tile = 0, row = 0; tile < tiles; ++tile) {
    const int rows = m / tiles + (tile < m % tiles ? 1 : 0);
    Operands part = x;
    part.a += std::size_t(row) * x.lda;
    part.begin += std::size_t(row) * x.ld_begin;
    part.c += std::size_t(row) * x.ldc;
    add_rows<kBytes, kMaxRows>(rows, part);
    row += rows;
  }
}

using AddPanel = void (*)(int m, const Operands& x);

void add_panel_baseline(int m, const Operands& x) { add_panel<16, 6>(m, x); }

#if defined(__x86_64__) && defined(__GNUC__)
// Features by name add to those of the command line (-march), where "arch=" would replace them, and then what is
// compiled for the command line could not be inlined.
#define GRADUS_AVX2 "avx2,bmi,bmi2,f16c,fma,lzcnt,movbe,popcnt"
__attribute__((target(GRADUS_AVX2))) void add_panel_avx2(int m, const Operands& x) { add_panel<32, 6>(m, x); }
__attribute__((target(GRADUS_AVX2 ",avx512f,avx512bw,avx512cd,avx512dq,avx512vl"))) void add_panel_avx512(
    int m, const Operands& x) {
  add_panel<64, 12>(m, x);
}

AddPanel choose() {
#if defined(GRADUS_X86_64_LEVEL)
  return GRADUS_X86_64_LEVEL == 4 ? add_panel_avx512 : GRADUS_X86_64_LEVEL == 3 ? add_panel_avx2 : add_panel_baseline;
#else
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq")) {
    return add_panel_avx512;
  }
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? add_panel_avx2 : add_panel_baseline;
#endif
}
#else
AddPanel choose() { return add_panel_baseline; }
#endif

const AddPanel add_panel_here = choose();

/// y[j, i] = x[i, j], by blocks that fit the first-level cache.
void transpose_into(const Real* x, int ldx, int rows, int cols, Real* y, int ldy) {
  constexpr int kBlock = 16;
  for (int j0 = 0; j0 < cols; j0 += kBlock) {
    for (int i = 0; i < rows; ++i) {
      for (int j = j0; j < std::min(j0 + kBlock, cols); ++j) y[std::size_t(j) * ldy + i] = x[std::size_t(i) * ldx + j];
    }
  }
}

}

std::size_t PackedMatrix::memory_size(int k, int n) { return std::size_t(k) * ((n + kPanel - 1) / kPanel) * kPanel; }

PackedMatrix::PackedMatrix(Transpose tb, int k, int n, const Real* b, int ldb, Real* memory)
    : k_(k), n_(n), panels_(memory) {
  for (int column = 0; column < n; column += kPanel, memory += std::size_t(k) * kPanel) {
    const int columns = std::min(kPanel, n - column);
    if (columns < kPanel) std::fill_n(memory, std::size_t(k) * kPanel, Real(0));
    if (tb == T) {
      transpose_into(b + std::size_t(column) * ldb, ldb, columns, k, memory, kPanel);
    } else {
      for (int l = 0; l < k; ++l) std::copy_n(b + std::size_t(l) * ldb + column, columns, memory + l * kPanel);
    }
  }
}

void PackedMatrix::add_part(int part, int parts, int m, const Real* a, int lda, Real* c, int ldc,
                            const Real* row) const {
  if (m == 0) return;  // and c may be null
  const int whole = n_ / kPanel * kPanel, panels = n_ / kPanel;
  const int begin = panels * part / parts * kPanel, end = panels * (part + 1) / parts * kPanel;
  const Real* const sums = row != nullptr ? row : c;
  const int ld_sums = row != nullptr ? 0 : ldc;
  for (int column = begin; column < end; column += kPanel) {
    add_panel_here(m, {k_, a, lda, panels_ + std::size_t(column) * k_, sums + column, ld_sums, c + column, ldc});
  }
  if (whole == n_ || part + 1 < parts) return;
  Scratch scratch;  // the last panel has columns that c has not
  Real* const last = scratch.allocate(std::size_t(m) * kPanel);
  std::fill_n(last, std::size_t(m) * kPanel, Real(0));
  for (int i = 0; i < m; ++i) std::copy_n(sums + std::size_t(i) * ld_sums + whole, n_ - whole, last + i * kPanel);
  add_panel_here(m, {k_, a, lda, panels_ + std::size_t(whole) * k_, last, kPanel, last, kPanel});
  for (int i = 0; i < m; ++i) std::copy_n(last + i * kPanel, n_ - whole, c + std::size_t(i) * ldc + whole);
}

}
