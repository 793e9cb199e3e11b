#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

#include "autograd/error.h"

namespace gradus::inline GRADUS_PRECISION {

/// The dimensions of a tensor, at most six, row-major. The empty shape () is that of a scalar.
class Shape {
 public:
  static constexpr int kMaxRank = 6;  ///< the most axes a tensor has

  Shape() = default;
  Shape(std::initializer_list<int> dims) : Shape(std::span(dims.begin(), dims.size())) {}
  /// Throws if there are more than six dimensions, a negative one, or so many numbers (those of a tensor with the zeros
  /// left out) that no memory could hold them.
  explicit Shape(std::span<const int> dims);

  int rank() const { return rank_; }  ///< how many axes there are
  /// The length of an axis; -1 is the last one. Throws if there is no such axis.
  int operator[](int axis) const { return dims_[std::size_t(index(axis))]; }
  /// How many numbers a tensor of this shape holds.
  std::size_t size() const;
  /// The axis counted from the front, whatever end it was counted from. Throws, naming `op`, if there is no such axis.
  int index(int axis, const char* op = "shape") const;
  /// This shape with the length of one axis replaced.
  Shape with(int axis, int length) const;
  /// This shape without one axis.
  Shape without(int axis) const;

  const int* begin() const { return dims_.data(); }
  const int* end() const { return dims_.data() + rank_; }
  bool operator==(const Shape&) const = default;

 private:
  std::array<int, kMaxRank> dims_{};  // unused ones stay 0, so that == may compare them all
  int rank_ = 0;
};

/// `(32, 512)` of a shape, or of lengths that need not be one, `(2, -1)`.
std::string to_string(std::span<const int> lengths);

}

/// As a list, a shape is as long as its rank: `size()` counts something else.
template <>
inline constexpr bool std::ranges::disable_sized_range<gradus::Shape> = true;

template <>
struct fmt::formatter<gradus::Shape> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  fmt::appender format(const gradus::Shape& shape, fmt::format_context& context) const;
};
