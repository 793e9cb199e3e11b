#include "ops/arrange/extend.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "ops/broadcast.h"
#include "ops/kernels/elementwise.h"
#include "ops/layout.h"

namespace gradus::inline GRADUS_PRECISION {

Tensor expand(Tensor x, List<int> dims) {
  const auto rank = static_cast<int>(dims.size());
  int lengths[Shape::kMaxRank] = {};
  bool fits = rank >= x.rank() && rank <= Shape::kMaxRank;
  for (int i = 0; fits && i < rank; ++i) {
    const int axis = i - (rank - x.rank()), own = axis < 0 ? 1 : x.dim(axis);
    lengths[i] = dims[i] == -1 && axis >= 0 ? own : dims[i];
    fits = lengths[i] >= 0 && (own == 1 || own == lengths[i]);
  }
  if (!fits) {
    fail("expand: lengths do not fit: x is {}, wanted {}; need those of x where they are not 1, or -1, and at most {}",
         x.shape(), to_string(dims), Shape::kMaxRank);
  }
  const Broadcast rows("expand", x.shape(), Shape(std::span<const int>(lengths, rank)));
  Tensor y = output(rows.shape(), {x});
  rows.each_row([vx = x.value(), vy = y.value()](const Broadcast::Row& row) {
    Real* const to = vy.data + row.begin;
    kernels::copy(stretched(vx, row.a, row.size, to), to, row.size);
  });
  record("expand", y, [=] {
    Scratch scratch;
    StretchedGradient dx(x, y.size(), scratch);
    rows.each_row([&, dy = y.grad()](const Broadcast::Row& row) {
      dx.add(dy.data + row.begin, row.a, row.size);  // dx += Σ dy
    });
    dx.finish();
  });
  return y;
}

Tensor repeat(Tensor x, List<int> counts) {
  const auto rank = static_cast<int>(counts.size());
  const bool negative = std::any_of(counts.begin(), counts.end(), [](int count) { return count < 0; });
  if (rank < x.rank() || rank > Shape::kMaxRank || negative) {
    fail("repeat: bad counts: {} for x, which is {}; need one for each axis, 0 or more, and at most {}",
         to_string(counts), x.shape(), Shape::kMaxRank);
  }
  while (x.rank() < rank) x = unsqueeze(x, 0);
  for (int axis = 0; axis < rank; ++axis) {
    const Shape shape = x.shape();
    if (counts[axis] == 1) continue;
    // (…, n, …) -> (outer, 1, n · inner) -> (outer, count, n · inner) -> (…, count · n, …)
    int outer = 1, rest = 1;
    for (int i = 0; i < rank; ++i) (i < axis ? outer : rest) *= shape[i];
    x = reshape(expand(reshape(x, {outer, 1, rest}), {outer, counts[axis], rest}),
                shape.with(axis, counts[axis] * shape[axis]));
  }
  return x;
}

Tensor tile(Tensor x, List<int> counts) {
  if (counts.size() >= static_cast<std::size_t>(x.rank())) return repeat(x, counts);
  int all[Shape::kMaxRank];
  std::fill_n(all, x.rank(), 1);
  std::copy(counts.begin(), counts.end(), all + x.rank() - counts.size());
  return repeat(x, std::span<const int>(all, x.rank()));
}

namespace {

void require_pairs(Tensor x, List<int> amounts) {
  if (amounts.size() % 2 == 0 && amounts.size() / 2 <= static_cast<std::size_t>(x.rank())) return;
  fail("pad: bad amounts: {} for x, which is {}; need two for each axis, the last one first", to_string(amounts),
       x.shape());
}

}

Tensor pad(Tensor x, List<int> amounts, Real value) {
  require_pairs(x, amounts);
  for (std::size_t i = 0; i < amounts.size(); i += 2) {
    const int axis = x.rank() - 1 - static_cast<int>(i / 2), front = amounts[i], behind = amounts[i + 1];
    const int begin = std::max(-front, 0), end = x.dim(axis) - std::max(-behind, 0);
    if (begin > end) {
      fail("pad: too little to take from: {} of axis {} of x, which is {}; need at most its length", to_string(amounts),
           axis, x.shape());
    }
    if (begin > 0 || end < x.dim(axis)) x = slice(x, axis, begin, end);
    const auto border = [&](int length) { return full(x.shape().with(axis, std::max(length, 0)), value); };
    if (front > 0 || behind > 0) x = concat({border(front), x, border(behind)}, axis);
  }
  return x;
}

namespace {

/// Which of n numbers stands at `place`, which may be in front of them or behind.
int continued(int place, int n, Border border) {
  switch (border) {
    case Border::Reflect:
      return place < 0 ? -place : place < n ? place : 2 * (n - 1) - place;
    case Border::Replicate:
      return std::clamp(place, 0, n - 1);
    case Border::Circular:
      return (place + n) % n;
  }
  return place;
}

/// How many numbers a side of n may go on with.
int most_around(int n, Border border) {
  if (n == 0) return 0;
  return border == Border::Reflect ? n - 1 : border == Border::Circular ? n : (std::numeric_limits<int>::max() - n) / 2;
}

}

Tensor pad(Tensor x, List<int> amounts, Border border) {
  require_pairs(x, amounts);
  Shape shape = x.shape();
  std::vector<std::size_t> source = {0};  // of each number of y, along the axes so far
  for (int axis = 0; axis < x.rank(); ++axis) {
    const int i = 2 * (x.rank() - 1 - axis);
    const bool given = i < static_cast<int>(amounts.size());
    const std::int64_t front = given ? amounts[i] : 0, behind = given ? amounts[i + 1] : 0;
    const std::int64_t begin = std::max<std::int64_t>(-front, 0), taken = begin + std::max<std::int64_t>(-behind, 0);
    const auto left =
        static_cast<int>(std::max<std::int64_t>(x.dim(axis) - taken, 0));  // which the border goes on from
    const int most = most_around(left, border);
    if (std::max(front, behind) > most || taken > x.dim(axis)) {
      fail("pad: amounts do not fit: {} for axis {} of x, which is {}; need at most {} on each side, and {} taken away",
           to_string(amounts), axis, x.shape(), most, x.dim(axis));
    }
    const int first = -static_cast<int>(front + begin), end = left + std::max(static_cast<int>(behind), 0);
    shape = shape.with(axis, end - first);
    const std::vector<std::size_t> before = std::exchange(source, {});
    for (const std::size_t place : before) {
      for (int k = first; k < end; ++k) {
        source.push_back(place * x.dim(axis) + begin + continued(k, left, border));
      }
    }
  }
  return detail::take("pad", x, shape, Tape::active().arena().copy(std::span<const std::size_t>(source)).data());
}

}
