#include "ops/layout.h"

#include <algorithm>
#include <utility>

#include "ops/gradients.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// A part of an array whose numbers lie in `rows` pieces of `width`, `stride` apart.
template <class Number>
struct Block {
  Number* data;
  std::size_t rows, width, stride;
};

void copy_block(const Block<const Real>& from, const Block<Real>& to) {
  for (std::size_t i = 0; i < to.rows; ++i) std::copy_n(from.data + i * from.stride, to.width, to.data + i * to.stride);
}

void add_block(const Block<const Real>& from, const Block<Real>& to) {
  for (std::size_t i = 0; i < to.rows; ++i) {
    kernels::add(to.data + i * to.stride, from.data + i * from.stride, to.data + i * to.stride, to.width);
  }
}

/// Product of the lengths of axes [begin, end).
std::size_t product(const Shape& shape, int begin, int end) {
  std::size_t result = 1;
  for (int axis = begin; axis < end; ++axis) result *= static_cast<std::size_t>(shape[axis]);
  return result;
}

/// All of x, as blocks whose rows begin at every step of the axes before `axis`.
template <class Number>
Block<Number> whole(const BasicArray<Number>& x, int axis) {
  const std::size_t width = product(x.shape, axis, x.shape.rank());
  return {x.data, product(x.shape, 0, axis), width, width};
}

/// Positions [begin, end) of an axis of x.
template <class Number>
Block<Number> part(const BasicArray<Number>& x, int axis, int begin, int end) {
  const std::size_t inner = product(x.shape, axis + 1, x.shape.rank());
  Block<Number> block = whole(x, axis);
  block.data += begin * inner;
  block.width = (end - begin) * inner;
  return block;
}

/// An output that shares the numbers of x, from position `begin` on: nothing on a tape ever changes a value.
Tensor view(Tensor x, const Shape& shape, std::size_t begin) { return output(shape, x, x.value().data + begin); }

/// y = the parts behind each other along an axis of y. Each of them is `step` long along that axis, or as long as its
/// own length if `step` is 0.
Tensor join(const char* name, std::span<const Tensor> parts, const Shape& shape, int axis, int step) {
  Tensor y = output(shape, parts);
  const auto each = [=](std::span<const Tensor> parts, auto visit) {
    int begin = 0;
    for (const Tensor& x : parts) {
      const int end = begin + (step != 0 ? step : x.dim(axis));
      visit(x, begin, end);
      begin = end;
    }
  };
  each(parts, [=](Tensor x, int begin, int end) mutable {
    const Block<Real> to = part(y.value(), axis, begin, end);
    copy_block({x.value().data, to.rows, to.width, to.width}, to);
  });
  record(name, y, [=, parts = Tape::active().arena().copy(parts)] {
    each(parts, [=](Tensor x, int begin, int end) {
      if (!x.needs_grad()) return;
      const Block<const Real> from = part(y.grad(), axis, begin, end);
      if (from.rows == 1) return detail::add_grad(x, from.data);  // dx += its part of dy
      add_block(from, {accumulator(x).data, from.rows, from.width, from.width});
    });
  });
  return y;
}

}

Tensor reshape(Tensor x, List<int> dims) {
  const auto unknown = std::count(dims.begin(), dims.end(), -1);
  std::size_t known = 1;
  for (int dim : dims) known *= dim == -1 ? 1 : static_cast<std::size_t>(dim);
  const bool fits = unknown == 0 ? known == x.size() : unknown == 1 ? known != 0 && x.size() % known == 0 : false;
  if (!fits) {
    fail("reshape: sizes differ: x is {}, wanted {}; need the same size, with at most one -1", x.shape(),
         to_string(dims));
  }
  int lengths[Shape::kMaxRank] = {};
  if (dims.size() > Shape::kMaxRank) fail("reshape: too many axes: {}; at most {}", dims.size(), Shape::kMaxRank);
  std::transform(dims.begin(), dims.end(), lengths,
                 [&](int dim) { return dim == -1 ? static_cast<int>(x.size() / known) : dim; });
  Tensor y = view(x, Shape(std::span<const int>(lengths, dims.size())), 0);
  record("reshape", y, [=] { detail::add_grad(x, y.grad().data); });  // dx += dy
  return y;
}

Tensor transpose(Tensor x, int axis0, int axis1) {
  const Shape& from = x.shape();
  const auto [first, second] = std::minmax({from.index(axis0, "transpose"), from.index(axis1, "transpose")});
  if (first == second) return x;
  const Shape shape = from.with(first, from[second]).with(second, from[first]);

  // With x seen as (outer, m, middle, n, inner), calls visit(a, b) for the places a in x and b in y of equal numbers.
  const std::size_t outer = product(from, 0, first), m = from[first], middle = product(from, first + 1, second),
                    n = from[second], inner = product(from, second + 1, from.rank());
  const auto each_inner = [=](auto visit) {
    for (std::size_t o = 0; o < outer; ++o) {
      for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t k = 0; k < middle; ++k) {
          for (std::size_t j = 0; j < n; ++j) {
            visit((((o * m + i) * middle + k) * n + j) * inner, (((o * n + j) * middle + k) * m + i) * inner);
          }
        }
      }
    }
  };
  Tensor y = output(shape, {x});
  each_inner(
      [=, x = x.value(), y = y.value()](std::size_t a, std::size_t b) { std::copy_n(x.data + a, inner, y.data + b); });
  record("transpose", y, [=] {
    each_inner([=, dx = accumulator(x), dy = y.grad()](std::size_t a, std::size_t b) {
      for (std::size_t i = 0; i < inner; ++i) dx[a + i] += dy[b + i];
    });
  });
  return y;
}

Tensor concat(List<Tensor> parts, int axis) {
  if (parts.empty()) fail("concat: nothing to join; need at least one tensor");
  const Shape& first = parts.front().shape();
  axis = first.index(axis, "concat");
  int length = 0;
  for (const Tensor& x : parts) {
    if (x.rank() != first.rank() || x.shape().with(axis, first[axis]) != first) {
      fail("concat: shapes differ: {} and {}; need equal lengths on all axes but {}", first, x.shape(), axis);
    }
    length += x.dim(axis);
  }
  return join("concat", parts, first.with(axis, length), axis, 0);
}

Tensor stack(List<Tensor> parts) {
  if (parts.empty()) fail("stack: nothing to join; need at least one tensor");
  const Shape& shape = parts.front().shape();
  for (const Tensor& x : parts) {
    if (x.shape() != shape) fail("stack: shapes differ: {} and {}; need equal shapes", shape, x.shape());
  }
  if (shape.rank() == Shape::kMaxRank) fail("stack: too many axes: {}; need at most {}", shape, Shape::kMaxRank - 1);
  int lengths[Shape::kMaxRank] = {static_cast<int>(parts.size())};
  std::copy(shape.begin(), shape.end(), lengths + 1);
  return join("stack", parts, Shape(std::span<const int>(lengths, shape.rank() + 1)), 0, 1);
}

Tensor slice(Tensor x, int axis, int begin, int end) {
  axis = x.shape().index(axis, "slice");
  const int length = x.dim(axis);
  const int first = begin < 0 ? begin + length : begin, last = end < 0 ? end + length : end;
  if (first < 0 || last < first || last > length) {
    fail("slice: bad range: [{}, {}) on axis {} of x, which is {}; need 0 <= begin <= end <= {}", begin, end, axis,
         x.shape(), length);
  }
  const Shape shape = x.shape().with(axis, last - first);
  const Block<Real> taken = part(x.value(), axis, first, last);
  Tensor y;
  if (taken.rows == 1) {  // one piece of memory
    y = view(x, shape, taken.data - x.value().data);
  } else {
    y = output(shape, {x});
    copy_block({taken.data, taken.rows, taken.width, taken.stride}, whole(y.value(), axis));
  }
  record("slice", y, [=] {
    add_block(whole(y.grad(), axis), part(accumulator(x), axis, first, last));  // dx[…] += dy
  });
  return y;
}

Tensor first_rows(Tensor x, int n) { return !x || x.dim(0) == n ? x : slice(x, 0, 0, n); }

std::span<const Tensor> split(Tensor x, int axis, std::span<const int> lengths) {
  axis = x.shape().index(axis, "split");
  int total = 0;
  for (int length : lengths) total += std::max(length, 0);
  const bool negative = std::any_of(lengths.begin(), lengths.end(), [](int length) { return length < 0; });
  if (negative || total != x.dim(axis)) {
    fail("split: lengths do not fit: {} for axis {} of x, which is {}; need lengths of sum {}", to_string(lengths),
         axis, x.shape(), x.dim(axis));
  }
  return Tape::active().arena().make_array(lengths.size(), [&, end = 0](std::size_t i) mutable {
    const int begin = std::exchange(end, end + lengths[i]);
    return slice(x, axis, begin, end);
  });
}

Tensor gather_rows(Tensor x, std::span<const int> index) {
  if (x.rank() < 1) fail("gather_rows: x has no rows: x is {}; need rank 1 or more", x.shape());
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (index[i] < -1 || index[i] >= x.dim(0)) {
      fail("gather_rows: no such row: index[{}] is {}, x is {}; need -1 <= index < {}", i, index[i], x.shape(),
           x.dim(0));
    }
  }
  const std::size_t width = product(x.shape(), 1, x.rank());
  Tensor y = output(x.shape().with(0, static_cast<int>(index.size())), {x});
  for (std::size_t i = 0; i < index.size(); ++i) {
    Real* const row = y.value().data + i * width;
    if (index[i] == -1) {
      kernels::fill(0, row, width);
    } else {
      kernels::copy(x.value().data + index[i] * width, row, width);
    }
  }
  record("gather_rows", y, [=, index = Tape::active().arena().copy(index)] {
    kernels::scatter_rows(y.grad().data, width, index.data(), index.size(), 0, x.dim(0), width,
                          accumulator(x).data);  // dx[index[i]] += dy[i]
  });
  return y;
}

Tensor gather(Tensor x, std::span<const int> index) {
  if (x.rank() != 2 || x.dim(0) != static_cast<int>(index.size())) {
    fail("gather: rows do not fit: x is {}, index has {}; need x (n, k) and n indices", x.shape(), index.size());
  }
  const int k = x.dim(1);
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (index[i] < 0 || index[i] >= k) {
      fail("gather: no such column: index[{}] is {}, x is {}; need 0 <= index < {}", i, index[i], x.shape(), k);
    }
  }
  Tensor y = output({x.dim(0)}, {x});
  for (std::size_t i = 0; i < index.size(); ++i) y.value()[i] = x.value()[i * k + index[i]];
  record("gather", y, [=, index = Tape::active().arena().copy(index)] {
    const Array dx = accumulator(x);
    for (std::size_t i = 0; i < index.size(); ++i) dx[i * k + index[i]] += y.grad()[i];  // dx[i, index[i]] += dy[i]
  });
  return y;
}

}
