#include "ops/reduce.h"

#include <cmath>

#include "ops/elementwise.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// A shape seen as (outer, n, inner), with n the length of the axis that is reduced.
struct Split {
  std::size_t outer = 1, n = 1, inner = 1;
  Shape result;  ///< outer and inner axes, with 1 between them if the axis is kept

  Split(const char* op, const Shape& shape, int axis, bool keep) {
    axis = shape.index(axis, op);
    for (int i = 0; i < axis; ++i) outer *= static_cast<std::size_t>(shape[i]);
    n = shape[axis];
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= static_cast<std::size_t>(shape[i]);
    result = keep ? shape.with(axis, 1) : shape.without(axis);
  }
};

/// Which of n numbers, `stride` apart, is the first maximum. NaN counts as larger than any number.
int first_maximum(const Real* x, std::size_t n, std::size_t stride) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < n; ++i) {
    const Real value = x[i * stride], largest = x[best * stride];
    if (value > largest || (std::isnan(value) && !std::isnan(largest))) best = i;
  }
  return static_cast<int>(best);
}

}

Tensor sum(Tensor x) {
  Tensor y = output({}, {x});
  y.value()[0] = kernels::sum(x.value().data, x.size());
  record("sum", y, [=] {
    for (Real& dx : accumulator(x)) dx += y.grad()[0];
  });
  return y;
}

Tensor mean(Tensor x) {
  if (x.size() == 0) fail("mean: no numbers: x is {}; need at least one", x.shape());
  return sum(x) / static_cast<Real>(x.size());
}

Tensor sum(Tensor x, int axis, bool keep) {
  const Split split("sum", x.shape(), axis, keep);
  const std::size_t n = split.n, inner = split.inner;
  Tensor y = output(split.result, {x});
  kernels::fill(0, y.value().data, y.size());
  for (std::size_t o = 0; o < split.outer; ++o) {
    const Real* in = x.value().data + o * n * inner;
    Real* const row = y.value().data + o * inner;
    if (inner == 1) {
      *row = kernels::sum(in, n);
    } else {
      kernels::add_rows(in, n, inner, inner, row);
    }
  }
  record("sum", y, [=] {
    for (std::size_t o = 0; o < split.outer; ++o) {
      Real* const dx = accumulator(x).data + o * n * inner;
      const Real* dy = y.grad().data + o * inner;
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < inner; ++j) dx[i * inner + j] += dy[j];  // dx[.., i, ..] += dy
      }
    }
  });
  return y;
}

Tensor mean(Tensor x, int axis, bool keep) {
  const int n = x.dim(x.shape().index(axis, "mean"));
  if (n == 0) fail("mean: no numbers: axis {} of x, which is {}, has length 0; need at least 1", axis, x.shape());
  return sum(x, axis, keep) / static_cast<Real>(n);
}

Tensor max(Tensor x, int axis, bool keep) {
  const Split split("max", x.shape(), axis, keep);
  if (split.n == 0) fail("max: no numbers: axis {} of x, which is {}, has length 0; need at least 1", axis, x.shape());
  Tensor y = output(split.result, {x});
  std::size_t* const source = Tape::active().arena().allocate<std::size_t>(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t o = i / split.inner, first = o * split.n * split.inner + i % split.inner;
    source[i] = first + first_maximum(x.value().data + first, split.n, split.inner) * split.inner;
    y.value()[i] = x.value()[source[i]];
  }
  record("max", y, [=] {
    const Array dx = accumulator(x);
    for (std::size_t i = 0; i < y.size(); ++i) dx[source[i]] += y.grad()[i];  // dx[argmax] += dy
  });
  return y;
}

std::vector<int> argmax(Tensor x) {
  if (x.rank() == 0 || x.dim(-1) == 0) fail("argmax: no numbers: x is {}; need a last axis of 1 or more", x.shape());
  const std::size_t n = x.dim(-1);
  std::vector<int> result;
  result.reserve(x.size() / n);
  for (std::size_t i = 0; i < x.size(); i += n) result.push_back(first_maximum(x.value().data + i, n, 1));
  return result;
}

}
