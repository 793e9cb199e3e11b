#include "ops/kernels/reduction.h"

#include <algorithm>

#include "autograd/scratch.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/lanes.h"
#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

namespace {
constexpr std::size_t kDoubleLanes = 128 / sizeof(double);
constexpr std::size_t kRowBlock = 64;  // rows that are added one after the other
}

GRADUS_SIMD_CLONES Real sum(const Real* x, std::size_t n) { return sum_of_lanes(x, n); }

GRADUS_SIMD_CLONES Real dot(const Real* a, const Real* b, std::size_t n) {
  return blocked_sum(n, [=](std::size_t i) { return a[i] * b[i]; });
}

GRADUS_SIMD_CLONES Real max(const Real* x, std::size_t n) { return max_of_lanes(x, n); }

GRADUS_SIMD_CLONES double square_sum(const Real* x, std::size_t n) {
  const auto square = [=](std::size_t i) { return static_cast<double>(x[i]) * static_cast<double>(x[i]); };
  return reduce_lanes<kDoubleLanes>(0.0, n, square, Plus{});
}

GRADUS_SIMD_CLONES void add_rows(const Real* x, std::size_t rows, std::size_t n, std::size_t stride, Real* y) {
  if (rows <= kRowBlock) {
    for (std::size_t row = 0; row < rows; ++row) add(y, x + row * stride, y, n);
    return;
  }
  Scratch scratch;
  Real* const block = scratch.allocate(n);
  double* const total = scratch.allocate<double>(n);
  std::fill_n(total, n, 0.0);
  for (std::size_t begin = 0; begin < rows; begin += kRowBlock) {
    fill(0, block, n);
    add_rows(x + begin * stride, std::min(kRowBlock, rows - begin), n, stride, block);
    add_to_double(block, total, n);
  }
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t j = 0; j < n; ++j) y[j] += static_cast<Real>(total[j]);
}

void scatter_rows(const Real* x, std::size_t stride, const int* index, std::size_t count, int begin, int end,
                  std::size_t n, Real* y) {
  const auto each_row = [=](auto add_row) {
    for (std::size_t i = 0; i < count; ++i) {
      if (begin <= index[i] && index[i] < end) add_row(x + i * stride, static_cast<std::size_t>(index[i]));
    }
  };
  // Where rows come again and again, their sums are kept in double.
  constexpr std::size_t kFew = std::size_t{1} << 16, kRepeats = 16;
  const std::size_t rows = end - begin;
  if (count <= kFew || count < kRepeats * rows) {
    return each_row([=](const Real* row, std::size_t i) { add(y + i * n, row, y + i * n, n); });
  }
  Scratch scratch;
  double* const total = scratch.allocate<double>(rows * n);
  std::fill_n(total, rows * n, 0.0);
  each_row([=](const Real* row, std::size_t i) { add_to_double(row, total + (i - begin) * n, n); });
  for (std::size_t i = 0; i < rows * n; ++i) y[begin * n + i] += static_cast<Real>(total[i]);
}

GRADUS_SIMD_CLONES void add_to_double(const Real* x, double* total, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) total[i] += x[i];
}

GRADUS_SIMD_CLONES void block_max(const Real* x, std::size_t n, std::size_t block, Real* y) {
  for (std::size_t begin = 0; begin < n; begin += block) *y++ = max_of_lanes(x + begin, std::min(block, n - begin));
}

}
}
