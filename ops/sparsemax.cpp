#include "ops/sparsemax.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "autograd/scratch.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"
#include "ops/masking.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// τ - max x for the threshold τ of n numbers (Martins, Astudillo 2016, algorithm 1), not all of them -inf:
///     k = max{k : 1 + k x_(k) > Σ_{j≤k} x_(j)}    τ = (Σ_{j≤k} x_(j) - 1) / k      for x_(1) ≥ x_(2) ≥ …
Real shifted_threshold(const Real* x, std::size_t n) {
  Scratch scratch;
  Real* const sorted = scratch.allocate(n);
  std::copy_n(x, n, sorted);
  std::sort(sorted, sorted + n, std::greater<>());
  // Sums are of the differences to the maximum, which lose no digits when the scores are large.
  const Real largest = sorted[0];
  double sum = 0;
  Real tau = -1;
  for (std::size_t k = 1; k <= n && sorted[k - 1] > detail::kMinusInfinity; ++k) {
    const Real shifted = sorted[k - 1] - largest;
    if (1 + static_cast<double>(k) * shifted <= sum + shifted) break;
    sum += shifted;
    tau = static_cast<Real>((sum - 1) / static_cast<double>(k));
  }
  return tau;
}

/// y = max((y - max y) - (τ - max y), 0). A row that holds NaN or +inf, or nothing but -inf, becomes as in softmax.
void project_row(Real* y, std::size_t n) {
  const Real largest = kernels::max(y, n);
  if (!std::isfinite(largest)) return kernels::softmax_row(y, y, n);
  const Real tau = shifted_threshold(y, n);
  for (std::size_t i = 0; i < n; ++i) y[i] = std::max((y[i] - largest) - tau, Real{0});
}

/// dx_i += dy_i - mean of dy over the support, for i in the support: where y > 0 (their eq. 14).
void add_gradient(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  double total = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (y[i] == 0) continue;
    total += dy[i];
    ++count;
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (y[i] != 0) dx[i] += static_cast<Real>(dy[i] - total / static_cast<double>(count));
  }
}

/// Projects the rows that y holds already.
Tensor project(Tensor x, Tensor y) {
  const std::size_t n = y.dim(-1);
  for (std::size_t i = 0; i < y.size(); i += n) project_row(y.value().data + i, n);
  record("sparsemax", y, [=] {
    for (std::size_t i = 0; i < y.size(); i += n) {
      add_gradient(y.value().data + i, y.grad().data + i, accumulator(x).data + i, n);
    }
  });
  return y;
}

}

Tensor sparsemax(Tensor x) {
  if (x.rank() == 0) fail("sparsemax: x is a scalar; need at least one axis");
  Tensor y = output(x.shape(), {x});
  kernels::copy(x.value().data, y.value().data, x.size());
  return project(x, y);
}

Tensor sparsemax(Tensor x, Tensor mask) {
  if (x.rank() == 0) fail("sparsemax: x is a scalar; need at least one axis");
  Tensor y = output(x.shape(), {x});
  detail::copy_masked("sparsemax", x.value(), mask, y.value());
  return project(x, y);
}

}
