#include "ops/layout.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
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

using Steps = std::array<std::ptrdiff_t, Shape::kMaxRank>;

/// How far apart neighbours along each axis are.
Steps steps_of(const Shape& shape) {
  Steps steps{};
  for (int i = 0; i < shape.rank(); ++i) steps[i] = static_cast<std::ptrdiff_t>(product(shape, i + 1, shape.rank()));
  return steps;
}

/// y[i, j, …] = the number of x at begin + i steps[0] + j steps[1] + …
Tensor walk(const char* name, Tensor x, const Shape& shape, std::ptrdiff_t begin, const Steps& steps) {
  // Calls visit(place in x, place in y) for all numbers.
  const auto each = [=](auto visit) {
    std::size_t to = 0;
    const auto each_along = [&](const auto& self, int axis, std::ptrdiff_t from) -> void {
      if (axis == shape.rank()) return visit(from, to++);
      const bool innermost = axis == shape.rank() - 1;
      for (int i = 0; i < shape[axis]; ++i, from += steps[axis])
        innermost ? visit(from, to++) : self(self, axis + 1, from);
    };
    each_along(each_along, 0, begin);
  };
  Tensor y = output(shape, {x});
  each([x = x.value(), y = y.value()](std::size_t from, std::size_t to) { y[to] = x[from]; });
  record(name, y,
         [=] { each([dx = accumulator(x), dy = y.grad()](std::size_t from, std::size_t to) { dx[from] += dy[to]; }); });
  return y;
}

/// The shape with an axis inserted, which is number `axis` of the result.
Shape with_axis(const char* op, const Shape& shape, int axis, int length) {
  const int rank = shape.rank() + 1;
  if (rank > Shape::kMaxRank) fail("{}: too many axes: {}; need at most {}", op, shape, Shape::kMaxRank - 1);
  if (axis < -rank || axis >= rank) fail("{}: no axis {} in a result of rank {}", op, axis, rank);
  if (axis < 0) axis += rank;
  int lengths[Shape::kMaxRank];
  std::copy_n(shape.begin(), axis, lengths);
  lengths[axis] = length;
  std::copy(shape.begin() + axis, shape.end(), lengths + axis + 1);
  return Shape(std::span<const int>(lengths, rank));
}

/// y = the parts behind each other along an axis of y. Each of them is `step` long along that axis, or as long as its
/// own length if `step` is 0.
Tensor join(const char* name, std::span<const Tensor> parts, const Shape& shape, int axis, int step) {
  Tensor y = output(shape, parts, nullptr, name);
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

Tensor permute(Tensor x, List<int> order) {
  const Shape& from = x.shape();
  const auto bad = [&] {
    fail("permute: bad order: {} for x, which is {}; need each of its axes once", to_string(order), from);
  };
  if (order.size() != static_cast<std::size_t>(from.rank())) bad();
  const Steps from_steps = steps_of(from);
  Steps steps{};
  Shape shape = from;
  bool moves = false, seen[Shape::kMaxRank] = {};
  for (int i = 0; i < from.rank(); ++i) {
    const int axis = from.index(order[i], "permute");
    if (std::exchange(seen[axis], true)) bad();
    shape = shape.with(i, from[axis]);
    steps[i] = from_steps[axis];
    moves |= axis != i;
  }
  return moves ? walk("permute", x, shape, 0, steps) : x;
}

Tensor squeeze(Tensor x) {
  int lengths[Shape::kMaxRank];
  const auto end = std::copy_if(x.shape().begin(), x.shape().end(), lengths, [](int length) { return length != 1; });
  return reshape(x, std::span<const int>(lengths, end));
}

Tensor squeeze(Tensor x, List<int> axes) {
  bool goes[Shape::kMaxRank] = {};
  for (int axis : axes) {
    if (x.rank() == 0 && (axis == 0 || axis == -1)) continue;
    const int i = x.shape().index(axis, "squeeze");
    goes[i] = x.dim(i) == 1;
  }
  int lengths[Shape::kMaxRank], rank = 0;
  for (int i = 0; i < x.rank(); ++i) {
    if (!goes[i]) lengths[rank++] = x.dim(i);
  }
  return reshape(x, std::span<const int>(lengths, rank));
}

Tensor unsqueeze(Tensor x, int axis) { return reshape(x, with_axis("unsqueeze", x.shape(), axis, 1)); }

Tensor flip(Tensor x, List<int> axes) {
  Steps steps = steps_of(x.shape());
  std::ptrdiff_t begin = 0;
  for (int given : axes) {
    const int axis = x.shape().index(given, "flip");
    if (steps[axis] < 0)
      fail("flip: an axis stands twice: axes are {}, x is {}; need each once", to_string(axes), x.shape());
    begin += std::max(x.dim(axis) - 1, 0) * steps[axis];
    steps[axis] = -steps[axis];
  }
  return walk("flip", x, x.shape(), begin, steps);
}

Tensor concat(List<Tensor> parts, int axis) {
  if (parts.empty()) fail("concat: nothing to join; need at least one tensor");
  const Shape& first = parts.front().shape();
  axis = first.index(axis, "concat");
  std::int64_t length = 0;
  for (const Tensor& x : parts) {
    if (x.rank() != first.rank() || x.shape().with(axis, first[axis]) != first) {
      fail("concat: shapes differ: {} and {}; need equal lengths on all axes but {}", first, x.shape(), axis);
    }
    length += x.dim(axis);
  }
  if (length > std::numeric_limits<int>::max()) {
    fail("concat: too long: {} along axis {}; need {} or less", length, axis, std::numeric_limits<int>::max());
  }
  return join("concat", parts, first.with(axis, static_cast<int>(length)), axis, 0);
}

Tensor stack(List<Tensor> parts, int axis) {
  if (parts.empty()) fail("stack: nothing to join; need at least one tensor");
  const Shape& shape = parts.front().shape();
  for (const Tensor& x : parts) {
    if (x.shape() != shape) fail("stack: shapes differ: {} and {}; need equal shapes", shape, x.shape());
  }
  const Shape result = with_axis("stack", shape, axis, static_cast<int>(parts.size()));
  return join("stack", parts, result, axis < 0 ? axis + result.rank() : axis, 1);
}

Tensor slice(Tensor x, int axis, int begin, int end, int step) {
  axis = x.shape().index(axis, "slice");
  const int length = x.dim(axis);
  if (end == kToEnd) end = length;
  const int first = begin < 0 ? begin + length : begin, last = end < 0 ? end + length : end;
  if (first < 0 || last < first || last > length) {
    fail("slice: bad range: [{}, {}) on axis {} of x, which is {}; need 0 <= begin <= end <= {}", begin, end, axis,
         x.shape(), length);
  }
  if (step < 1) fail("slice: bad step: {}; need 1 or more (flip turns an axis round)", step);
  if (step > 1) {
    Steps steps = steps_of(x.shape());
    const std::ptrdiff_t start = first * steps[axis];
    steps[axis] *= step;
    return walk("slice", x, x.shape().with(axis, (last - first - 1) / step + (last > first)), start, steps);
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

Tensor select(Tensor x, int axis, int position) {
  axis = x.shape().index(axis, "select");
  const int length = x.dim(axis), first = position < 0 ? position + length : position;
  if (first < 0 || first >= length) {
    fail("select: no position {} on axis {} of x, which is {}; need {} <= position < {}", position, axis, x.shape(),
         -length, length);
  }
  return reshape(slice(x, axis, first, first + 1), x.shape().without(axis));
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

Tensor take_along_axis(Tensor x, std::span<const int> index, int axis) {
  axis = x.shape().index(axis, "take_along_axis");
  const int n = x.dim(axis);
  const std::size_t inner = product(x.shape(), axis + 1, x.rank()), lanes = product(x.shape(), 0, axis) * inner;
  const std::size_t m = lanes == 0 ? 0 : index.size() / lanes;
  if (m * lanes != index.size()) {
    fail("take_along_axis: {} indices on axis {} of x, which is {}; need as many for each of its {} lanes",
         index.size(), axis, x.shape(), lanes);
  }
  std::size_t* const source = Tape::active().arena().allocate<std::size_t>(index.size());
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (index[i] < 0 || index[i] >= n) {
      fail("take_along_axis: no such position: index[{}] is {} on axis {} of x, which is {}; need 0 <= index < {}", i,
           index[i], axis, x.shape(), n);
    }
    source[i] = (i / (m * inner) * n + index[i]) * inner + i % inner;
  }
  return detail::take("take_along_axis", x, x.shape().with(axis, static_cast<int>(m)), source);
}

Tensor detail::take(const char* name, Tensor x, const Shape& shape, const std::size_t* source) {
  Tensor y = output(shape, {x});
  for (std::size_t i = 0; i < y.size(); ++i) y.value()[i] = x.value()[source[i]];
  record(name, y, [=] {
    const Array dx = accumulator(x);
    for (std::size_t i = 0; i < y.size(); ++i) dx[source[i]] += y.grad()[i];  // dx[source[i]] += dy[i]
  });
  return y;
}

}
