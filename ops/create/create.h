#pragma once

#include <concepts>
#include <ranges>

#include "autograd/tape.h"

/// Constants of usual kinds, and tensors of numbers as they come: of any type, in vectors, in lists of lists.

namespace gradus::inline GRADUS_PRECISION {

/// A constant of zeros.
Tensor zeros(const Shape& shape);
/// A constant of ones.
Tensor ones(const Shape& shape);
/// A constant of the shape of x.
Tensor zeros_like(Tensor x);
Tensor ones_like(Tensor x);
Tensor full_like(Tensor x, Real value);

/// start, start + step, … before end, which is not reached.   -> (⌈(end - start) / step⌉)
Tensor arange(double start, double end, double step = 1);
/// 0, 1, … before end.
inline Tensor arange(double end) { return arange(0, end); }
/// `steps` numbers at equal distances, start and end included.   -> (steps)
Tensor linspace(double start, double end, int steps);
/// 1 where row and column are the same, 0 elsewhere; as many columns as rows, if not said otherwise.   -> (n, m)
Tensor eye(int n, int m = -1);

/// The value of x as a constant: no gradient flows back through it. It shares the numbers of x.
Tensor detach(Tensor x);

/// A number, a list or vector of numbers, or of lists, of any types, `{{1, 2}, {3, x}}`: rows of equal length.
class NestedList {
 public:
  template <class Number>
  requires std::is_arithmetic_v<Number> NestedList(Number number) : values_{static_cast<Real>(number)} {}
  NestedList(std::initializer_list<NestedList> rows) { append(rows); }
  template <std::ranges::input_range Range>
  requires std::constructible_from<NestedList, std::ranges::range_value_t<Range>> NestedList(const Range& range) {
    append(std::vector<NestedList>(std::ranges::begin(range), std::ranges::end(range)));
  }

  const Shape& shape() const { return shape_; }                ///< (rows, …)
  const std::vector<Real>& values() const { return values_; }  ///< row by row

 private:
  void append(std::span<const NestedList> rows);

  Shape shape_;
  std::vector<Real> values_;
};

/// A tensor whose shape is that of the list: constant({{1, 2, 3}, {4, 5, 6}}) is (2, 3). Throws for rows of unequal
/// shapes.
inline Tensor constant(const NestedList& list) { return constant(list.shape(), list.values()); }
/// A tensor of such a list whose gradient `backward` computes.
inline Tensor variable(const NestedList& list) { return variable(list.shape(), list.values()); }

/// Numbers of another type than Real: vectors and arrays of double, int, ….
template <class Range>
concept OtherNumbers = std::ranges::input_range<Range> && std::is_arithmetic_v<std::ranges::range_value_t<Range>> &&
    !std::convertible_to<const Range&, List<Real>>;

/// A tensor of given numbers of any type.
template <OtherNumbers Range>
Tensor constant(const Shape& shape, const Range& numbers) {
  return constant(shape, NestedList(numbers).values());
}
/// A tensor of given numbers of any type whose gradient `backward` computes.
template <OtherNumbers Range>
Tensor variable(const Shape& shape, const Range& numbers) {
  return variable(shape, NestedList(numbers).values());
}

}
