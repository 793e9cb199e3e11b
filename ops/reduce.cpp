#include "ops/reduce.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "ops/elementwise.h"
#include "ops/gradients.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"
#include "ops/layout.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// A tensor seen as (outer, n, inner), with n numbers for each result.
struct Split {
  Tensor x;  ///< axes that are reduced and do not stand side by side have been brought there
  std::size_t outer = 1, n = 1, inner = 1;
  Shape result;  ///< outer and inner axes, with 1 in the place of those that are reduced, if they are kept

  Split(const char* op, Tensor tensor, List<int> axes, bool keep) {
    const Shape& shape = tensor.shape();
    bool reduced[Shape::kMaxRank];
    std::fill_n(reduced, Shape::kMaxRank, axes.empty());
    for (int axis : axes) {
      if (shape.rank() == 0 && (axis == 0 || axis == -1)) continue;
      if (std::exchange(reduced[shape.index(axis, op)], true)) {
        fail("{}: an axis stands twice: axes are {}, x is {}; need each once", op, to_string(axes), shape);
      }
    }
    const int rank = shape.rank(), first = static_cast<int>(std::find(reduced, reduced + rank, true) - reduced);
    int order[Shape::kMaxRank], lengths[Shape::kMaxRank], axis = 0, result_rank = 0;
    const auto take = [&](std::size_t& size, int i) {
      size *= static_cast<std::size_t>(shape[i]);
      order[axis++] = i;
    };
    for (int i = 0; i < first; ++i) take(outer, i);
    for (int i = first; i < rank; ++i) {
      if (reduced[i]) take(n, i);
    }
    for (int i = first; i < rank; ++i) {
      if (!reduced[i]) take(inner, i);
    }
    for (int i = 0; i < rank; ++i) {
      if (keep || !reduced[i]) lengths[result_rank++] = reduced[i] ? 1 : shape[i];
    }
    x = permute(tensor, std::span<const int>(order, rank));
    result = Shape(std::span<const int>(lengths, result_rank));
  }
};

void require_numbers(const char* op, const Split& split, List<int> axes, const Shape& shape) {
  if (split.n > 0) return;
  if (axes.size() != 1) fail("{}: no numbers: x is {}; need at least one", op, shape);
  fail("{}: no numbers: axis {} of x, which is {}, has length 0; need at least 1", op, axes[0], shape);
}

/// The rows of n numbers that results come of. Where the numbers of a row lie apart, a few neighbouring rows are
/// brought together at a time.
class Rows {
 public:
  explicit Rows(const Split& split)
      : outer_(split.outer), n_(split.n), inner_(split.inner), tile_(std::min(inner_, kTile)) {}

  std::size_t count() const { return outer_ * inner_; }
  /// Where in x number i of a result's row is.
  std::size_t place(std::size_t result, std::size_t i) const {
    return (result / inner_ * n_ + i) * inner_ + result % inner_;
  }
  /// Calls visit(result, row) for all rows.
  template <class Visit>
  void each(const Real* x, Visit visit) const {
    Scratch scratch;
    each_tile([&, buffer = scratch.allocate(tile_ * n_)](std::size_t begin, std::size_t result, std::size_t rows) {
      const Real* const row = gathered(x + begin, rows, buffer);
      for (std::size_t k = 0; k < rows; ++k) visit(result + k, row + k * n_);
    });
  }
  /// dx += what gradient(result, row, g) writes to g for each row.
  template <class Gradient>
  void each_gradient(const Real* x, Real* dx, Gradient gradient) const {
    Scratch scratch;
    Real *const buffer = scratch.allocate(tile_ * n_), *const g = scratch.allocate(tile_ * n_);
    each_tile([&](std::size_t begin, std::size_t result, std::size_t rows) {
      const Real* const row = gathered(x + begin, rows, buffer);
      for (std::size_t k = 0; k < rows; ++k) gradient(result + k, row + k * n_, g + k * n_);
      for (std::size_t i = 0; i < n_; ++i) {
        for (std::size_t k = 0; k < rows; ++k) dx[begin + i * inner_ + k] += g[k * n_ + i];
      }
    });
  }

 private:
  static constexpr std::size_t kTile = 16;  // numbers of a cache line, in float

  /// Calls visit(begin, result, rows) for the place in x where the first of a few rows begins, and that of its result.
  template <class Visit>
  void each_tile(Visit visit) const {
    for (std::size_t o = 0; o < outer_; ++o) {
      for (std::size_t j = 0; j < inner_; j += tile_) {
        visit(o * n_ * inner_ + j, o * inner_ + j, std::min(tile_, inner_ - j));
      }
    }
  }
  /// Those rows behind each other, in place or in the buffer.
  const Real* gathered(const Real* x, std::size_t rows, Real* buffer) const {
    if (inner_ == 1) return x;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t k = 0; k < rows; ++k) buffer[k * n_ + i] = x[i * inner_ + k];
    }
    return buffer;
  }

  std::size_t outer_, n_, inner_, tile_;
};

/// An op whose results each come of a row of n numbers: y = forward(row). `backward(row, y, dy, g)` writes dy ∂y/∂row
/// to g.
template <class Forward, class Backward>
Tensor reduce_rows(const char* name, const Split& split, Forward forward, Backward backward) {
  const Rows rows(split);
  const Tensor x = split.x;
  Tensor y = output(split.result, {x}, nullptr, name);
  rows.each(x.value().data, [&, vy = y.value()](std::size_t result, const Real* row) { vy[result] = forward(row); });
  record(name, y, [=] {
    rows.each_gradient(x.value().data, accumulator(x).data,
                       [&, vy = y.value(), dy = y.grad()](std::size_t result, const Real* row, Real* g) {
                         backward(row, vy[result], dy[result], g);  // dx += dy ∂y/∂x
                       });
  });
  return y;
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

Tensor sum(Tensor x, List<int> axes, bool keep) {
  const Split split("sum", x, axes, keep);
  const std::size_t n = split.n, inner = split.inner;
  x = split.x;
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

Tensor mean(Tensor x, List<int> axes, bool keep) {
  const Split split("mean", x, axes, keep);
  require_numbers("mean", split, axes, x.shape());
  return sum(x, axes, keep) / static_cast<Real>(split.n);
}

Tensor prod(Tensor x, List<int> axes, bool keep) {
  const Split split("prod", x, axes, keep);
  return reduce_rows(
      "prod", split,
      [n = split.n](const Real* x) {  // in double, since parts of a product may be beyond what it is itself
        return static_cast<Real>(std::accumulate(x, x + n, 1.0, std::multiplies<double>()));
      },
      [n = split.n](const Real* x, Real, Real dy, Real* g) {  // g[i] = dy · the product of all others
        Scratch scratch;
        double *const before = scratch.allocate<double>(n), product = dy;
        for (std::size_t i = 0; i < n; ++i) before[i] = std::exchange(product, product * x[i]);
        double behind = 1;
        for (std::size_t i = n; i-- > 0;) g[i] = static_cast<Real>(before[i] * std::exchange(behind, behind * x[i]));
      });
}

namespace {

/// Which of n numbers is the first one before which no other comes. NaN comes before any number.
template <class IsBefore>
int first_of(const Real* x, std::size_t n, IsBefore is_before) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < n; ++i) {
    if (is_before(x[i], x[best]) || (std::isnan(x[i]) && !std::isnan(x[best]))) best = i;
  }
  return static_cast<int>(best);
}

constexpr auto kLarger = [](Real a, Real b) { return a > b; };
constexpr auto kSmaller = [](Real a, Real b) { return a < b; };

/// Calls visit(rows, result, i) for each row along an axis, whose first number is number i.
template <class IsBefore, class Visit>
void each_first(const char* name, const Split& split, int axis, IsBefore is_before, Visit visit) {
  require_numbers(name, split, axis, split.x.shape());
  const Rows rows(split);
  rows.each(split.x.value().data,
            [&](std::size_t result, const Real* row) { visit(rows, result, first_of(row, split.n, is_before)); });
}

template <class IsBefore>
std::vector<int> indices_of_first(const char* name, Tensor x, int axis, IsBefore is_before) {
  const Split split(name, x, axis, false);
  std::vector<int> indices(split.outer * split.inner);
  each_first(name, split, axis, is_before, [&](const Rows&, std::size_t result, int i) { indices[result] = i; });
  return indices;
}

/// The first number along an axis.
template <class IsBefore>
Tensor first(const char* name, Tensor x, int axis, bool keep, IsBefore is_before) {
  const Split split(name, x, axis, keep);
  std::size_t* const source = Tape::active().arena().allocate<std::size_t>(split.outer * split.inner);
  each_first(name, split, axis, is_before,
             [=](const Rows& rows, std::size_t result, int i) { source[result] = rows.place(result, i); });
  return detail::take(name, x, split.result, source);
}

/// The first number along several axes, equal ones sharing the gradient.
template <class IsBefore>
Tensor firsts(const char* name, Tensor x, List<int> axes, bool keep, IsBefore is_before) {
  const Split split(name, x, axes, keep);
  require_numbers(name, split, axes, x.shape());
  return reduce_rows(
      name, split, [=, n = split.n](const Real* x) { return x[first_of(x, n, is_before)]; },
      [n = split.n](const Real* x, Real y, Real dy, Real* g) {
        std::size_t equal = 0;
        for (std::size_t i = 0; i < n; ++i) equal += g[i] = x[i] == y || (std::isnan(x[i]) && std::isnan(y));
        kernels::scale(dy / equal, g, g, n);  // g = dy / number of them, where x = y
      });
}

}

Tensor max(Tensor x, int axis, bool keep) { return first("max", x, axis, keep, kLarger); }
Tensor min(Tensor x, int axis, bool keep) { return first("min", x, axis, keep, kSmaller); }
Tensor amax(Tensor x, List<int> axes, bool keep) { return firsts("amax", x, axes, keep, kLarger); }
Tensor amin(Tensor x, List<int> axes, bool keep) { return firsts("amin", x, axes, keep, kSmaller); }
std::vector<int> argmax(Tensor x, int axis) { return indices_of_first("argmax", x, axis, kLarger); }
std::vector<int> argmin(Tensor x, int axis) { return indices_of_first("argmin", x, axis, kSmaller); }

namespace {

/// c = x - mean x; returns Σ c². The mean is taken twice, the second time of what rounding has left in the first.
double centre(const Real* x, Real* c, std::size_t n) {
  kernels::copy(x, c, n);
  for (int round = 0; round < 2; ++round) {
    const Real mean = kernels::sum(c, n) / n;
    for (std::size_t i = 0; i < n; ++i) c[i] -= mean;
  }
  return kernels::square_sum(c, n);
}

/// An op of the variance v = Σ (x - mean x)² / (n - correction): y = of(v). `gradient` is that of x, as a function of
/// x - mean x, y and dy / (n - correction).
template <class Of, class Gradient>
Tensor of_variance(const char* name, Tensor x, List<int> axes, Real correction, bool keep, Of of, Gradient gradient) {
  const Split split(name, x, axes, keep);
  require_numbers(name, split, axes, x.shape());
  const Real divisor = std::max(split.n - correction, Real(0));
  return reduce_rows(
      name, split,
      [=, n = split.n](const Real* x) {
        Scratch scratch;
        return static_cast<Real>(of(centre(x, scratch.allocate(n), n) / divisor));
      },
      [=, n = split.n](const Real* x, Real y, Real dy, Real* g) {
        centre(x, g, n);
        for (std::size_t i = 0; i < n; ++i) g[i] = gradient(g[i], y, dy / divisor);
      });
}

}

Tensor var(Tensor x, List<int> axes, Real correction, bool keep) {
  return of_variance(
      "var", x, axes, correction, keep, [](double v) { return v; },
      [](Real centred, Real, Real dy) { return 2 * dy * centred; });  // g = 2 dy (x - mean x) / (n - correction)
}

Tensor stddev(Tensor x, List<int> axes, Real correction, bool keep) {
  return of_variance(
      "stddev", x, axes, correction, keep, [](double v) { return std::sqrt(v); },
      [](Real centred, Real y, Real dy) {  // g = dy (x - mean x) / (y (n - correction)), or 0
        return y == 0 ? Real(0) : dy * (centred / y);
      });
}

namespace {

/// (Σ |x|^p)^(1/p), with the number of the largest power as the unit, so that none overflows.
Real norm_of(const Real* x, std::size_t n, Real p) {
  const auto is_closer = [=](Real a, Real b) { return p > 0 ? std::abs(a) > std::abs(b) : std::abs(a) < std::abs(b); };
  if (n == 0 || p == 0) return static_cast<Real>(std::count_if(x, x + n, [](Real x) { return x != 0; }));
  const double squares = p == 2 ? kernels::square_sum(x, n) : 0;
  if (squares > 1e-280 && squares < 1e300) return static_cast<Real>(std::sqrt(squares));
  const Real unit = std::abs(x[first_of(x, n, is_closer)]);
  if (!std::isfinite(unit) || unit == 0 || std::isinf(p)) return unit;
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double ratio = std::abs(static_cast<double>(x[i]) / unit);
    sum += p == 1 ? ratio : p == 2 ? ratio * ratio : std::pow(ratio, static_cast<double>(p));
  }
  return static_cast<Real>(unit * (p == 2 ? std::sqrt(sum) : std::pow(sum, 1 / static_cast<double>(p))));
}

}

Tensor norm(Tensor x, Real p, List<int> axes, bool keep) {
  const Split split("norm", x, axes, keep);
  return reduce_rows(
      "norm", split, [=, n = split.n](const Real* x) { return norm_of(x, n, p); },
      [=, n = split.n](const Real* x, Real y, Real dy, Real* g) {
        if (y == 0 || p == 0) return kernels::fill(0, g, n);
        const auto equal = static_cast<double>(std::count_if(x, x + n, [=](Real x) { return std::abs(x) == y; }));
        for (std::size_t i = 0; i < n; ++i) {  // g = dy sign(x) (|x| / y)^(p - 1); of p = ±∞ as amax and amin do
          const double size = std::abs(x[i]), ratio = size / y;
          const double power = std::isinf(p) ? (size == y) / equal : p == 2 ? ratio : std::pow(ratio, p - 1.0);
          g[i] = x[i] == 0 ? Real(0) : static_cast<Real>(dy * power * (x[i] < 0 ? -1 : 1));
        }
      });
}

Tensor logsumexp(Tensor x, List<int> axes, bool keep) {
  const Split split("logsumexp", x, axes, keep);
  return reduce_rows(
      "logsumexp", split,
      [n = split.n](const Real* x) {
        const Real largest = kernels::max(x, n);
        return std::isinf(largest) ? largest : kernels::log_sum_exp(x, n, largest);
      },
      [n = split.n](const Real* x, Real y, Real dy, Real* g) {  // g = dy softmax(x)
        if (y == -std::numeric_limits<Real>::infinity()) return kernels::fill(0, g, n);
        kernels::softmax_row(x, g, n);
        kernels::scale(dy, g, g, n);
      });
}

Tensor cumsum(Tensor x, int axis) {
  const Split split("cumsum", x, axis, false);
  const std::size_t n = split.n, inner = split.inner;
  // Calls visit(place, sum of all numbers up to there), from the first place along the axis to the last or the other
  // way.
  const auto each_sum = [=](const Real* numbers, bool backwards, auto visit) {
    Scratch scratch;
    double* const sums = scratch.allocate<double>(inner);
    for (std::size_t o = 0; o < split.outer; ++o) {
      std::fill_n(sums, inner, 0.0);
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t row = (o * n + (backwards ? n - 1 - i : i)) * inner;
        for (std::size_t j = 0; j < inner; ++j) visit(row + j, static_cast<Real>(sums[j] += numbers[row + j]));
      }
    }
  };
  Tensor y = output(x.shape(), {x});
  each_sum(x.value().data, false, [y = y.value()](std::size_t i, Real sum) { y[i] = sum; });
  record("cumsum", y, [=] {
    each_sum(y.grad().data, true, [dx = accumulator(x)](std::size_t i, Real sum) { dx[i] += sum; });  // dx += Σ dy
  });
  return y;
}

}
