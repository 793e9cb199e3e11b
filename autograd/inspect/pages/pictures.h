#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "autograd/tensor.h"

/// Arrays made small enough for a page to show.

namespace gradus::inline GRADUS_PRECISION {

/// Where the picture of an array stands among the numbers of a page: at `begin` its smallest number, its mean and its
/// largest, then `rows` times `cols` cells. No rows: there is no such array.
struct Picture {
  std::size_t begin = 0;
  int rows = 0, cols = 0;
};

/// A matrix whose rows need not stand close behind each other.
struct Strided {
  const Real* data;
  std::size_t rows, cols, stride;
};

/// Takes pictures of at most `max_cells` cells. An array of no more numbers is kept whole. Of a larger one each cell
/// stands for a block of neighbours, and keeps the one farthest from 0, or one that is not finite: what stands out is
/// seen.
class Pictures {
 public:
  explicit Pictures(std::size_t max_cells) : max_cells_(max_cells) {}

  Picture take(const Shape& shape, const Real* data);
  Picture take(const Strided& matrix);

  const std::vector<float>& numbers() const { return numbers_; }

  /// The most cells that pictures of arrays of these sizes may have for all of them to keep within `budget` numbers; at
  /// least 16.
  static std::size_t cells_for(std::span<const std::size_t> sizes, std::size_t budget);

 private:
  std::size_t max_cells_;
  std::vector<float> numbers_;
};

}
