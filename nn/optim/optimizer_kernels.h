#pragma once

#include <cstddef>

#include "autograd/real.h"

/// The loops of the optimisers: one pass over values, gradients and state. In all of them the gradient in use is
/// g = grad_scale · gradient + weight_decay · value.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

struct SgdStep {
  Real grad_scale, weight_decay, learning_rate, momentum;
};
/// value -= learning_rate g
void sgd(const SgdStep& step, Real* value, const Real* gradient, std::size_t n);
/// m = momentum m + g;   value -= learning_rate m
void sgd_momentum(const SgdStep& step, Real* value, const Real* gradient, Real* m, std::size_t n);
/// m = momentum m + g;   value -= learning_rate (g + momentum m)
void sgd_nesterov(const SgdStep& step, Real* value, const Real* gradient, Real* m, std::size_t n);

struct AdagradStep {
  Real grad_scale, weight_decay, learning_rate, epsilon;
};
/// s = s + g²;   value -= learning_rate g / (√s + ε)
void adagrad(const AdagradStep& step, Real* value, const Real* gradient, Real* s, std::size_t n);

struct RmspropStep {
  Real grad_scale, weight_decay, learning_rate, alpha, epsilon, momentum;
  Real centered;  ///< 1 or 0
};
/// s = α s + (1-α) g²;   μ = α μ + (1-α) g;   m = momentum m + g / (√(s - centered μ²) + ε);   value -= learning_rate m
void rmsprop(const RmspropStep& step, Real* value, const Real* gradient, Real* s, Real* m, Real* mean, std::size_t n);

struct AdadeltaStep {
  Real grad_scale, weight_decay, learning_rate, rho, epsilon;
};
/// s = ρ s + (1-ρ) g²;   d = g √(u + ε) / √(s + ε);   u = ρ u + (1-ρ) d²;   value -= learning_rate d
void adadelta(const AdadeltaStep& step, Real* value, const Real* gradient, Real* s, Real* u, std::size_t n);

struct AdamStep {
  Real grad_scale, weight_decay, beta1, beta2, epsilon;
  Real step_size;     ///< learning_rate / (1 - β₁ᵗ)
  Real inverse_root;  ///< 1 / √(1 - β₂ᵗ)
  Real value_scale;   ///< 1, or with decoupled weight decay 1 - learning_rate · decay
};
/// m = β₁ m + (1-β₁) g;   v = β₂ v + (1-β₂) g²;   value = value_scale · value - step_size m / (inverse_root √v + ε)
void adam(const AdamStep& step, Real* value, const Real* gradient, Real* m, Real* v, std::size_t n);

/// mean += share (value - mean)
void move_towards(Real share, const Real* value, Real* mean, std::size_t n);

}
}
