#include "ops/kernels/norm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

namespace {

// What squares to a number of full precision, and far from the largest.
constexpr Real kSmallest = std::numeric_limits<Real>::min() / std::numeric_limits<Real>::epsilon();
constexpr Real kLargest = std::numeric_limits<Real>::max() * std::numeric_limits<Real>::epsilon();
bool is_usual(Real x) { return std::abs(x) > kSmallest && std::abs(x) < kLargest; }

/// The mean where the sum is none: of numbers near the largest, or of infinities and NaN.
Real mean_of_parts(const Real* x, std::size_t n) {
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) total += static_cast<double>(x[i]) / static_cast<double>(n);
  return static_cast<Real>(total);
}

/// σ where the variance itself is too large or too small for a Real: with differences in units of the largest.
Real scaled_deviation(const Real* difference, Real epsilon, std::size_t n) {
  Real unit = std::sqrt(epsilon);
  for (std::size_t i = 0; i < n; ++i) unit = std::max(unit, std::abs(difference[i]));
  double squares = 0;
  for (std::size_t i = 0; i < n; ++i) squares += std::pow(static_cast<double>(difference[i]) / unit, 2);
  return unit * static_cast<Real>(std::sqrt(squares / static_cast<double>(n) + std::pow(std::sqrt(epsilon) / unit, 2)));
}

/// `add_norm_gradient` where dy ∘ w is too large or too small for a Real.
void add_norm_gradient_in_double(const Real* dy, const Real* w, const Real* normal, Real inverse, Real* dx,
                                 std::size_t n) {
  const auto g = [=](std::size_t i) { return static_cast<double>(dy[i]) * w[i]; };
  double mean = 0, projection = 0;
  for (std::size_t i = 0; i < n; ++i) {
    mean += g(i);
    projection += g(i) * normal[i];
  }
  mean /= static_cast<double>(n);
  projection /= static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) dx[i] += static_cast<Real>(inverse * (g(i) - mean - normal[i] * projection));
}

}

GRADUS_SIMD_CLONES Real normalize_row(const Real* x, const Real* w, const Real* b, Real epsilon, Real* normal, Real* y,
                                      std::size_t n) {
  const Real plain_mean = sum(x, n) / n, mean = std::isfinite(plain_mean) ? plain_mean : mean_of_parts(x, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) normal[i] = x[i] - mean;
  const Real variance = dot(normal, normal, n) / n + epsilon;
  const Real inverse = 1 / (is_usual(variance) ? std::sqrt(variance) : scaled_deviation(normal, epsilon, n));
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) {
    normal[i] *= inverse;
    y[i] = normal[i] * w[i] + b[i];
  }
  return inverse;
}

GRADUS_SIMD_CLONES void add_norm_gradient(const Real* dy, const Real* w, const Real* normal, Real inverse, Real* g,
                                          Real* dx, std::size_t n) {
  mul(dy, w, g, n);
  const Real mean = sum(g, n) / n, projection = dot(g, normal, n) / n;
  if (!is_usual(mean) && !is_usual(projection)) return add_norm_gradient_in_double(dy, w, normal, inverse, dx, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] += inverse * (g[i] - mean - normal[i] * projection);
}

}
}
