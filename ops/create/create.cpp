#include "ops/create/create.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradus::inline GRADUS_PRECISION {

Tensor zeros(const Shape& shape) { return full(shape, 0); }
Tensor ones(const Shape& shape) { return full(shape, 1); }
Tensor zeros_like(Tensor x) { return full(x.shape(), 0); }
Tensor ones_like(Tensor x) { return full(x.shape(), 1); }
Tensor full_like(Tensor x, Real value) { return full(x.shape(), value); }

namespace {

/// A constant whose number i is number(i).
template <class Number>
Tensor filled(const Shape& shape, Number number) {
  Tensor x = full(shape, 0);
  for (std::size_t i = 0; i < x.size(); ++i) x.value()[i] = static_cast<Real>(number(i));
  return x;
}

}

Tensor arange(double start, double end, double step) {
  const double count = std::ceil((end - start) / step);
  if (!(count <= std::numeric_limits<int>::max()) || count < 0) {
    fail("arange: no such range: from {} to {} in steps of {}; need a step towards the end", start, end, step);
  }
  return filled({static_cast<int>(count)}, [=](std::size_t i) { return start + step * static_cast<double>(i); });
}

Tensor linspace(double start, double end, int steps) {
  if (steps < 0) fail("linspace: bad steps: {}; need 0 or more", steps);
  const double step = steps > 1 ? (end - start) / (steps - 1) : 0;
  return filled({steps}, [=](std::size_t i) {  // from the nearer end, so that both are exact
    const auto place = static_cast<int>(i);
    return place < (steps + 1) / 2 ? start + step * place : end - step * (steps - 1 - place);
  });
}

Tensor eye(int n, int m) {
  if (m < 0) m = n;
  return filled({n, m}, [=](std::size_t i) { return static_cast<int>(i) / m == static_cast<int>(i) % m; });
}

Tensor detach(Tensor x) {
  Tensor y = output(x.shape(), {x}, x.value().data);
  y.node().needs_grad = false;
  record("detach", y, [] {});
  return y;
}

void NestedList::append(std::span<const NestedList> rows) {
  const Shape row = rows.empty() ? Shape() : rows.front().shape();
  if (row.rank() == Shape::kMaxRank) fail("nested list: too deep: rows are {}; need at most {} axes", row, row.rank());
  int lengths[Shape::kMaxRank] = {static_cast<int>(rows.size())};
  std::copy(row.begin(), row.end(), lengths + 1);
  shape_ = Shape(std::span<const int>(lengths, row.rank() + 1));
  for (const NestedList& other : rows) {
    if (other.shape() != row) fail("nested list: rows differ: {} and {}; need equal shapes", row, other.shape());
    values_.insert(values_.end(), other.values_.begin(), other.values_.end());
  }
}

}
