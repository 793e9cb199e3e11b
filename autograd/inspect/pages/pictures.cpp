#include "autograd/inspect/pages/pictures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// How many rows and columns the picture of a matrix has: its proportions, as far as they go.
std::pair<std::size_t, std::size_t> grid(std::size_t rows, std::size_t cols, std::size_t cells) {
  if (rows * cols <= cells) return {rows, cols};
  const double wanted = std::sqrt(static_cast<double>(cells) * static_cast<double>(rows) / static_cast<double>(cols));
  const std::size_t first = std::clamp<std::size_t>(static_cast<std::size_t>(wanted), 1, std::min(rows, cells));
  const std::size_t width = std::clamp<std::size_t>(cells / first, 1, cols);
  return {std::clamp<std::size_t>(cells / width, 1, rows), width};
}

/// Whether b says more of a block than a.
bool stands_out(Real b, Real a) { return std::isfinite(a) && (!std::isfinite(b) || std::abs(b) > std::abs(a)); }

}

Picture Pictures::take(const Shape& shape, const Real* data) {
  const ConstArray array{data, shape};
  const std::size_t cols = array.cols();
  return take({data, static_cast<std::size_t>(array.rows()), cols, cols});
}

Picture Pictures::take(const Strided& matrix) {
  const auto& [data, rows, cols, stride] = matrix;
  if (data == nullptr || rows == 0 || cols == 0) return {};
  const auto [r, c] = grid(rows, cols, max_cells_);
  const Picture picture{numbers_.size(), static_cast<int>(r), static_cast<int>(c)};
  numbers_.resize(numbers_.size() + 3 + r * c);
  float* const cells = numbers_.data() + picture.begin + 3;
  double sum = 0;
  Real least = data[0], most = data[0];
  for (std::size_t i = 0; i < r; ++i) {
    for (std::size_t j = 0; j < c; ++j) {
      const std::size_t end_row = (i + 1) * rows / r, begin_col = j * cols / c, end_col = (j + 1) * cols / c;
      Real cell = data[i * rows / r * stride + begin_col];
      for (std::size_t row = i * rows / r; row < end_row; ++row) {
        for (const Real* x = data + row * stride + begin_col; x != data + row * stride + end_col; ++x) {
          sum += *x;
          least = std::min(least, *x);
          most = std::max(most, *x);
          if (stands_out(*x, cell)) cell = *x;
        }
      }
      cells[i * c + j] = static_cast<float>(cell);
    }
  }
  cells[-3] = static_cast<float>(least);
  cells[-2] = static_cast<float>(sum / static_cast<double>(rows * cols));
  cells[-1] = static_cast<float>(most);
  return picture;
}

std::size_t Pictures::cells_for(std::span<const std::size_t> sizes, std::size_t budget) {
  constexpr std::size_t kMost = 65536, kFewest = 16;
  const auto total = [&](std::size_t cells) {
    std::size_t numbers = 0;
    for (const std::size_t size : sizes) numbers += 3 + std::min(size, cells);
    return numbers;
  };
  std::size_t cells = kMost;
  while (cells > kFewest && total(cells) > budget) cells /= 2;
  return cells;
}

}
