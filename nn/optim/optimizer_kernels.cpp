#include "nn/optim/optimizer_kernels.h"

#include <cmath>

#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

GRADUS_SIMD_CLONES void sgd(const SgdStep& step, Real* value, const Real* gradient, std::size_t n) {
  const auto [scale, decay, rate, momentum] = step;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) value[i] -= rate * (scale * gradient[i] + decay * value[i]);
}

GRADUS_SIMD_CLONES void sgd_momentum(const SgdStep& step, Real* value, const Real* gradient, Real* m, std::size_t n) {
  const auto [scale, decay, rate, momentum] = step;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) {
    m[i] = momentum * m[i] + (scale * gradient[i] + decay * value[i]);
    value[i] -= rate * m[i];
  }
}

GRADUS_SIMD_CLONES void sgd_nesterov(const SgdStep& step, Real* value, const Real* gradient, Real* m, std::size_t n) {
  const auto [scale, decay, rate, momentum] = step;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) {
    const Real g = scale * gradient[i] + decay * value[i];
    m[i] = momentum * m[i] + g;
    value[i] -= rate * (g + momentum * m[i]);
  }
}

GRADUS_SIMD_CLONES void adagrad(const AdagradStep& step, Real* value, const Real* gradient, Real* s, std::size_t n) {
  const auto [scale, decay, rate, epsilon] = step;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) {
    const Real g = scale * gradient[i] + decay * value[i];
    s[i] += g * g;
    value[i] -= rate * g / (std::sqrt(s[i]) + epsilon);
  }
}

GRADUS_SIMD_CLONES void rmsprop(const RmspropStep& step, Real* value, const Real* gradient, Real* s, Real* m,
                                Real* mean, std::size_t n) {
  const auto [scale, decay, rate, alpha, epsilon, momentum, centered] = step;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) {
    const Real g = scale * gradient[i] + decay * value[i];
    s[i] = alpha * s[i] + (1 - alpha) * g * g;
    mean[i] = alpha * mean[i] + (1 - alpha) * g;
    const Real variance = s[i] - centered * mean[i] * mean[i];
    m[i] = momentum * m[i] + g / (std::sqrt(variance > 0 ? variance : 0) + epsilon);
    value[i] -= rate * m[i];
  }
}

GRADUS_SIMD_CLONES void adadelta(const AdadeltaStep& step, Real* value, const Real* gradient, Real* s, Real* u,
                                 std::size_t n) {
  const auto [scale, decay, rate, rho, epsilon] = step;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) {
    const Real g = scale * gradient[i] + decay * value[i];
    s[i] = rho * s[i] + (1 - rho) * g * g;
    const Real d = std::sqrt(u[i] + epsilon) / std::sqrt(s[i] + epsilon) * g;
    u[i] = rho * u[i] + (1 - rho) * d * d;
    value[i] -= rate * d;
  }
}

GRADUS_SIMD_CLONES void adam(const AdamStep& step, Real* value, const Real* gradient, Real* m, Real* v, std::size_t n) {
  const auto [scale, decay, beta1, beta2, epsilon, step_size, inverse_root, value_scale] = step;
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) {
    const Real g = scale * gradient[i] + decay * value[i];
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    value[i] = value_scale * value[i] - step_size * m[i] / (inverse_root * std::sqrt(v[i]) + epsilon);
  }
}

GRADUS_SIMD_CLONES void move_towards(Real share, const Real* value, Real* mean, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) mean[i] += share * (value[i] - mean[i]);
}

}
}
