#include "ops/softmax.h"

#include <algorithm>

#include "ops/kernels/kernels.h"
#include "ops/kernels/vector_math.h"
#include "ops/masking.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

using detail::copy_masked;
using detail::kMinusInfinity;

void require_rows(const char* op, Tensor x) {
  if (x.rank() == 0) fail("{}: x is a scalar; need at least one axis", op);
}

/// Calls visit(pointers to row i of each array) for all rows; the arrays have one shape.
template <class Visit, class... Arrays>
void each_row(Visit visit, const Array& x, const Arrays&... others) {
  const std::size_t n = x.cols();
  for (std::size_t i = 0; i < x.size(); i += n) visit(x.data + i, others.data + i...);
}

/// ∂y_i/∂x_j = y_i (δ_ij - y_j), so dx_j = Σ_i dy_i y_i (δ_ij - y_j):   dx += y ∘ (dy - Σ y dy).
GRADUS_SIMD_CLONES void add_softmax_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  const Real mean = kernels::dot(y, dy, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] += y[i] * (dy[i] - mean);
}

void record_softmax(Tensor x, Tensor y) {
  record("softmax", y, [=] {
    const std::size_t n = y.dim(-1);
    each_row([=](const Real* y, const Real* dy, Real* dx) { add_softmax_gradient(y, dy, dx, n); }, y.value(), y.grad(),
             x.grad());
  });
}

/// y = x - log Σ exp x. A row of -inf stays what it is.
GRADUS_SIMD_CLONES void log_softmax_row(const Real* x, Real* y, std::size_t n) {
  const Real log_sum = kernels::log_sum_exp(x, n), shift = log_sum == kMinusInfinity ? 0 : log_sum;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] - shift;
}

/// ∂y_i/∂x_j = δ_ij - softmax(x)_j, and softmax(x) = exp(y):   dx += dy - exp(y) Σ dy, over those numbers that are not
/// masked, which is where y > -inf.
GRADUS_SIMD_CLONES void add_log_softmax_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  Scratch scratch;
  Real* const unmasked_dy = scratch.allocate(n);
  for (std::size_t i = 0; i < n; ++i) unmasked_dy[i] = y[i] == kMinusInfinity ? 0 : dy[i];
  const Real total = kernels::sum(unmasked_dy, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] += unmasked_dy[i] - exp_approx(y[i]) * total;
}

void record_log_softmax(Tensor x, Tensor y) {
  record("log_softmax", y, [=] {
    const std::size_t n = y.dim(-1);
    each_row([=](const Real* y, const Real* dy, Real* dx) { add_log_softmax_gradient(y, dy, dx, n); }, y.value(),
             y.grad(), x.grad());
  });
}

/// dx += scale (softmax(x) - ε/V), given log Σ exp x and ε/V.
GRADUS_SIMD_CLONES void add_cross_entropy_gradient(const Real* x, Real log_sum, Real smoothed, Real scale, Real* dx,
                                                   std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] += scale * (exp_approx(x[i] - log_sum) - smoothed);
}

}

Tensor softmax(Tensor x) {
  require_rows("softmax", x);
  Tensor y = output(x.shape(), {x});
  each_row([n = x.dim(-1)](const Real* x, Real* y) { kernels::softmax_row(x, y, n); }, x.value(), y.value());
  record_softmax(x, y);
  return y;
}

Tensor softmax(Tensor x, Tensor mask) {
  require_rows("softmax", x);
  Tensor y = output(x.shape(), {x});
  copy_masked("softmax", x.value(), mask, y.value());
  const auto softmax_or_zeros = [n = x.dim(-1)](Real* y) {
    if (kernels::max(y, n) == kMinusInfinity) return kernels::fill(0, y, n);
    kernels::softmax_row(y, y, n);
  };
  each_row(softmax_or_zeros, y.value());
  record_softmax(x, y);
  return y;
}

Tensor softmax(Tensor x, std::span<const int> lengths) {
  if (x.rank() != 2 || lengths.size() < static_cast<std::size_t>(x.dim(0))) {
    fail("softmax: lengths do not fit: x is {}, lengths has {}; need x (N, n) and N lengths or more", x.shape(),
         lengths.size());
  }
  const int rows = x.dim(0), n = x.dim(1);
  Tensor y = output(x.shape(), {x});
  for (int i = 0; i < rows; ++i) {
    if (lengths[i] < 0 || lengths[i] > n) {
      fail("softmax: bad length: lengths[{}] is {}, x is {}; need 0 <= length <= {}", i, lengths[i], x.shape(), n);
    }
    Real* const row = y.value().row(i);
    kernels::softmax_row(x.value().row(i), row, lengths[i]);
    kernels::fill(0, row + lengths[i], n - lengths[i]);
  }
  record("softmax", y, [=, lengths = Tape::active().copy(lengths.first(rows))] {
    for (int i = 0; i < rows; ++i) {
      const std::size_t begin = static_cast<std::size_t>(i) * n;
      add_softmax_gradient(y.value().data + begin, y.grad().data + begin, x.grad().data + begin, lengths[i]);
    }
    Tape::active().drop_grad(y);
  });
  return y;
}

Tensor log_softmax(Tensor x) {
  require_rows("log_softmax", x);
  Tensor y = output(x.shape(), {x});
  each_row([n = x.dim(-1)](const Real* x, Real* y) { log_softmax_row(x, y, n); }, x.value(), y.value());
  record_log_softmax(x, y);
  return y;
}

Tensor log_softmax(Tensor x, Tensor mask) {
  require_rows("log_softmax", x);
  Tensor y = output(x.shape(), {x});
  copy_masked("log_softmax", x.value(), mask, y.value());
  each_row([n = x.dim(-1)](Real* y) { log_softmax_row(y, y, n); }, y.value());
  record_log_softmax(x, y);
  return y;
}

std::size_t CrossEntropyOptions::check(const char* op, std::span<const int> targets, int classes) const {
  if (!(label_smoothing >= 0 && label_smoothing <= 1)) {
    fail("{}: bad label_smoothing: {}; need 0 to 1", op, label_smoothing);
  }
  if (!(divisor >= 0)) fail("{}: bad divisor: {}; need 0 or more", op, divisor);
  if (!row_losses.empty() && row_losses.size() != targets.size()) {
    fail("{}: row_losses has {}, targets has {}; need as many", op, row_losses.size(), targets.size());
  }
  std::size_t counted = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i] == ignored) continue;
    ++counted;
    if (targets[i] >= 0 && targets[i] < classes) continue;
    fail("{}: no such class: targets[{}] is {}; need 0 <= target < {}, or {} to ignore it", op, i, targets[i], classes,
         ignored);
  }
  return counted;
}

Tensor cross_entropy(Tensor logits, std::span<const int> targets, const CrossEntropyOptions& options) {
  if (logits.rank() != 2 || logits.dim(0) != static_cast<int>(targets.size())) {
    fail("cross_entropy: rows do not fit: logits is {}, targets has {}; need logits (N, V) and N targets",
         logits.shape(), targets.size());
  }
  const std::size_t V = logits.dim(1);
  const std::size_t counted = options.check("cross_entropy", targets, logits.dim(1));
  const Real smoothing = options.label_smoothing;
  const int ignored = options.ignored;
  const Real divisor = options.divisor != 0 ? options.divisor : std::max<Real>(counted, 1);

  // With the target distribution q = (1-ε) one-hot + ε/V the loss of a row is
  // -Σ q log softmax(x) = log Σ exp x - (1-ε) x[target] - ε/V Σ x.
  Tensor loss = output({}, {logits});
  Real* const log_sums = Tape::active().allocate(targets.size());
  double total = 0;
  std::fill(options.row_losses.begin(), options.row_losses.end(), Real{0});
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i] == ignored) continue;
    const Real* x = logits.value().data + i * V;
    log_sums[i] = kernels::log_sum_exp(x, V);
    Real row_loss = log_sums[i] - (1 - smoothing) * x[targets[i]];
    if (smoothing > 0) row_loss -= smoothing / V * kernels::sum(x, V);
    if (!options.row_losses.empty()) options.row_losses[i] = row_loss;
    total += row_loss;
  }
  loss.value()[0] = static_cast<Real>(total / divisor);
  record("cross_entropy", loss, [=, targets = Tape::active().copy(targets)] {
    const Real scale = loss.grad()[0] / divisor;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (targets[i] == ignored) continue;
      const std::size_t row = i * V;
      Real* const dx = logits.grad().data + row;  // dx += (softmax(x) - q) dloss
      add_cross_entropy_gradient(logits.value().data + row, log_sums[i], smoothing / V, scale, dx, V);
      dx[targets[i]] -= scale * (1 - smoothing);
    }
  });
  return loss;
}

}
