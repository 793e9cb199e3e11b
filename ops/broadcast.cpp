#include "ops/broadcast.h"

#include "ops/gradients.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"

namespace gradus::inline GRADUS_PRECISION {

Shape broadcast(const char* op, const Shape& a, const Shape& b) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape result = longer;
  for (int axis = -1; axis >= -shorter.rank(); --axis) {
    const int m = longer[axis], n = shorter[axis];
    if (m != n && m != 1 && n != 1) {
      fail("{}: shapes do not broadcast: a is {}, b is {}; need equal lengths or 1 on axis {}", op, a, b, axis);
    }
    result = result.with(axis, m == 1 ? n : m);
  }
  return result;
}

Broadcast::Broadcast(const char* op, const Shape& a, const Shape& b) : shape_(broadcast(op, a, b)) {
  const auto length = [](const Shape& shape, int axis) { return axis < -shape.rank() ? 1 : shape[axis]; };
  axes_[0] = {1, 1, 1};
  std::size_t a_size = 1, b_size = 1;  // of everything inside of the axis at hand
  int used = 0;
  for (int axis = -1; axis >= -shape_.rank(); --axis) {
    const std::size_t a_length = length(a, axis), b_length = length(b, axis);
    const Axis next{static_cast<std::size_t>(shape_[axis]), a_length == 1 ? 0 : a_size, b_length == 1 ? 0 : b_size};
    a_size *= a_length;
    b_size *= b_length;
    if (next.length == 1) continue;
    Axis& inner = axes_[std::max(used - 1, 0)];
    if (used > 0 && next.a == inner.length * inner.a && next.b == inner.length * inner.b) {
      inner.length *= next.length;  // the two axes are one in memory
    } else {
      axes_[used++] = next;
    }
  }
}

const Real* stretched(const ConstArray& x, Broadcast::Place place, std::size_t size, Real* buffer) {
  const Real* const first = x.data + place.begin;
  if (place.step == 1) return first;
  kernels::fill(*first, buffer, size);
  return buffer;
}

StretchedGradient::StretchedGradient(Tensor x, std::size_t result, Scratch& scratch)
    : dx_(detail::accumulator_if_needed(x)) {
  if (dx_.data == nullptr || x.size() == result) return;
  sums_ = scratch.allocate<double>(x.size());
  std::fill_n(sums_, x.size(), 0.0);
}

void StretchedGradient::add(const Real* row, Broadcast::Place place, std::size_t size) {
  if (sums_ == nullptr) {
    Real* const first = dx_.data + place.begin;
    kernels::add(first, row, first, size);
  } else if (place.step == 1) {
    kernels::add_to_double(row, sums_ + place.begin, size);
  } else {
    sums_[place.begin] += kernels::sum(row, size);
  }
}

void StretchedGradient::finish() {
  for (std::size_t i = 0; sums_ != nullptr && i < dx_.size(); ++i) dx_.data[i] += static_cast<Real>(sums_[i]);
}

}
