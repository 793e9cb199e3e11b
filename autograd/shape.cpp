#include "autograd/shape.h"

#include <fmt/format.h>

#include <algorithm>

namespace gradus::inline GRADUS_PRECISION {

Shape::Shape(std::span<const int> dims) : rank_(static_cast<int>(dims.size())) {
  if (dims.size() > kMaxRank) fail("shape: {} dimensions; at most {} are supported", dims.size(), kMaxRank);
  double numbers = 1;
  for (int dim : dims) {
    if (dim < 0) fail("shape: negative dimension {} in {}", dim, to_string(dims));
    numbers *= std::max(dim, 1);
  }
  if (numbers > 0x1p56) fail("shape: too many numbers: {} are {}; need 2^56 or fewer", to_string(dims), numbers);
  std::copy(dims.begin(), dims.end(), dims_.begin());
}

std::size_t Shape::size() const {
  std::size_t product = 1;
  for (int dim : *this) product *= static_cast<std::size_t>(dim);
  return product;
}

int Shape::index(int axis, const char* op) const {
  if (axis < -rank_ || axis >= rank_) fail("{}: no axis {} in {}", op, axis, *this);
  return axis < 0 ? axis + rank_ : axis;
}

Shape Shape::with(int axis, int length) const {
  Shape result = *this;
  result.dims_[index(axis)] = length;
  return Shape(std::span(result.begin(), result.end()));
}

Shape Shape::without(int axis) const {
  Shape result = *this;
  const auto removed = result.dims_.begin() + index(axis);
  std::copy(removed + 1, result.dims_.begin() + rank_, removed);
  result.dims_[--result.rank_] = 0;
  return result;
}

std::string to_string(std::span<const int> lengths) { return fmt::format("({})", fmt::join(lengths, ", ")); }

}

fmt::appender fmt::formatter<gradus::Shape>::format(const gradus::Shape& shape, fmt::format_context& context) const {
  return fmt::formatter<fmt::string_view>().format(gradus::to_string(shape), context);
}
