#pragma once

#include <algorithm>
#include <array>

#include "autograd/scratch.h"
#include "autograd/tensor.h"

namespace gradus::inline GRADUS_PRECISION {

/// The one broadcasting rule: shapes are aligned at their last axis, a missing axis counts as 1, and an axis of length
/// 1 stretches to the other's length. Throws, naming `op` and both shapes, if two lengths differ and neither is 1.
Shape broadcast(const char* op, const Shape& a, const Shape& b);

/// Walks two tensors a and b, stretched to one shape by the broadcasting rule, row by row. For tensors of the same
/// shape all numbers are one row; for a matrix and a row vector there is a row for each of the matrix; and so on.
class Broadcast {
 public:
  /// Longer rows are cut, so that working memory for one row fits into the first-level cache.
  static constexpr std::size_t kMaxRow = 2048;

  /// Where a row's numbers are in a or b: behind each other (step 1), or one number that is repeated (step 0).
  struct Place {
    std::size_t begin, step;  ///< the first, and the distance of the others
  };
  /// A row of the result and what it is made of.
  struct Row {
    std::size_t begin, size;  ///< where it is in the result
    Place a, b;               ///< of the operands
  };

  /// Throws, naming `op`, if the shapes do not broadcast.
  Broadcast(const char* op, const Shape& a, const Shape& b);

  const Shape& shape() const { return shape_; }  ///< that of the result

  /// Calls visit(row) for all rows of the result, in order.
  template <class Visit>
  void each_row(Visit visit) const {
    std::size_t begin = 0;
    each_outer(axes_.size() - 1, 0, 0, [&](std::size_t a, std::size_t b) {
      const Axis& inner = axes_[0];
      for (std::size_t i = 0, size; i < inner.length; i += size, begin += size) {
        size = std::min(kMaxRow, inner.length - i);
        visit(Row{begin, size, {a + i * inner.a, inner.a}, {b + i * inner.b, inner.b}});
      }
    });
  }

 private:
  /// Its length, and the distance between neighbours along it in a and in b: 0 where the tensor is stretched.
  struct Axis {
    std::size_t length = 1, a = 0, b = 0;
  };

  /// Calls visit(a, b) for all places along the axes from `axis` inwards to the last but the innermost.
  template <class Visit>
  void each_outer(std::size_t axis, std::size_t a, std::size_t b, const Visit& visit) const {
    if (axis == 0) return visit(a, b);
    for (std::size_t i = 0; i < axes_[axis].length; ++i) {
      each_outer(axis - 1, a + i * axes_[axis].a, b + i * axes_[axis].b, visit);
    }
  }

  Shape shape_;
  std::array<Axis, Shape::kMaxRank> axes_;  // the innermost first, and as few as possible
};

/// The row of x at a place. A number that is repeated is written to `buffer`, as often as needed.
const Real* stretched(const ConstArray& x, Broadcast::Place place, std::size_t size, Real* buffer);

/// The gradient of an operand that was stretched to `result` numbers: each of its numbers gets the sum over the places
/// it went to. Those sums are kept in double until `finish`, since they may be of any number of summands.
class StretchedGradient {
 public:
  StretchedGradient(Tensor x, std::size_t result, Scratch& scratch);
  /// Whether x needs a gradient at all.
  explicit operator bool() const { return dx_.data != nullptr; }
  /// dx += row, the sum of the row going to a number that is repeated.
  void add(const Real* row, Broadcast::Place place, std::size_t size);
  void finish();  ///< adds the sums to the gradient, when all rows are in

 private:
  Array dx_;
  double* sums_ = nullptr;  // if x is stretched
};

}
