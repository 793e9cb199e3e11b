#include "ops/elementwise.h"

#include <cmath>

#include "ops/gradients.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/random.h"
#include "ops/pointwise.h"

namespace gradus::inline GRADUS_PRECISION {

using detail::binary;
using detail::unary;

namespace {

/// What is computed in between, where that may be larger or smaller than any Real although the result is not.
using Wide = double;

}

Tensor add(Tensor a, Tensor b) {
  return binary(
      "add", a, b, [](Real a, Real b) { return a + b; },  // y = a + b
      [](Real, Real, Real dy) { return dy; },             // da += dy
      [](Real, Real, Real dy) { return dy; });            // db += dy
}

Tensor sub(Tensor a, Tensor b) {
  return binary(
      "sub", a, b, [](Real a, Real b) { return a - b; }, [](Real, Real, Real dy) { return dy; },
      [](Real, Real, Real dy) { return -dy; });
}

Tensor mul(Tensor a, Tensor b) {
  return binary(
      "mul", a, b, [](Real a, Real b) { return a * b; }, [](Real, Real b, Real dy) { return dy * b; },
      [](Real a, Real, Real dy) { return dy * a; });
}

Tensor div(Tensor a, Tensor b) {
  return binary(
      "div", a, b, [](Real a, Real b) { return a / b; }, [](Real, Real b, Real dy) { return dy / b; },
      [](Real a, Real b, Real dy) { return static_cast<Real>(-Wide(dy) * (Wide(a) / b) / b); });  // db += -dy y / b
}

Tensor affine(Tensor x, Real scale, Real shift) {
  return unary(
      "affine", x, [=](Real x) { return scale * x + shift; }, [=](Real, Real) { return scale; });
}

Tensor operator/(Real dividend, Tensor x) {
  return unary(
      "reciprocal", x, [=](Real x) { return dividend / x; },
      [](Real x, Real y, Real dy) { return static_cast<Real>(-Wide(dy) * y / x); });
}

Tensor exp(Tensor x) {
  return unary("exp", x, kernels::exp, [](Real, Real y) { return y; });
}

Tensor log(Tensor x) {
  return unary("log", x, kernels::log, [](Real x, Real, Real dy) { return dy / x; });
}

Tensor expm1(Tensor x) {
  return unary("expm1", x, expm1_approx, [](Real x, Real) { return exp_approx(x); });
}

Tensor log1p(Tensor x) {
  return unary("log1p", x, log1p_approx, [](Real x, Real) { return 1 / (1 + x); });
}

Tensor sin(Tensor x) {
  return unary(
      "sin", x, [](Real x) { return std::sin(x); }, [](Real x, Real) { return std::cos(x); });
}

Tensor cos(Tensor x) {
  return unary(
      "cos", x, [](Real x) { return std::cos(x); }, [](Real x, Real) { return -std::sin(x); });
}

Tensor erf(Tensor x) {
  return unary(
      "erf", x, [](Real x) { return std::erf(x); },
      [](Real x, Real) { return Real(1.1283791670955126) * exp_approx(-x * x); });  // 2/√π exp(-x²)
}

Tensor tanh(Tensor x) {
  // 1 - y² = 4 e / (1 + e)² with e = exp(-2 |x|), which keeps its digits where y rounds to ±1.
  return unary("tanh", x, kernels::tanh, [](Real x, Real) {
    const Real e = exp_approx(-2 * std::abs(x));
    return 4 * e / ((1 + e) * (1 + e));
  });
}

Tensor sigmoid(Tensor x) {
  // y (1 - y) = e / (1 + e)² with e = exp(-|x|), which keeps its digits where y rounds to 1.
  return unary("sigmoid", x, kernels::sigmoid, [](Real x, Real) {
    const Real e = exp_approx(-std::abs(x));
    return e / ((1 + e) * (1 + e));
  });
}

Tensor relu(Tensor x) {
  return unary(
      "relu", x, [](Real x) { return x < 0 ? Real(0) : x; }, [](Real x, Real) { return x <= 0 ? Real(0) : Real(1); });
}

Tensor gelu(Tensor x) {
  // Φ(x) = erfc(-x / √2) / 2, which unlike (1 + erf(x / √2)) / 2 keeps its digits below 0; Φ'(x) = exp(-x² / 2) /
  // √(2π). Beyond ±40 both are what they are there, so that 0 · ∞ never arises.
  const auto distribution = [](Real x) { return static_cast<Real>(0.5 * std::erfc(-0.70710678118654752 * x)); };
  const auto limited = [](Real x) { return x < -40 ? Real(-40) : x > 40 ? Real(40) : x; };
  return unary(
      "gelu", x, [=](Real x) { return x < 0 ? limited(x) * distribution(x) : x * distribution(x); },
      [=](Real x, Real) {
        const Real near = limited(x);
        return distribution(x) + near * exp_approx(Real(-0.5) * near * near) * Real(0.39894228040143268);
      });
}

Tensor gelu_tanh(Tensor x) {
  // (1 + tanh u) / 2 = σ(2u), which keeps its digits below 0. Beyond ±40 it is what it is there, as of gelu.
  constexpr Real kTwice = Real(1.5957691216057308), kCubic = Real(0.044715);  // 2 √(2/π)
  const auto limited = [](Real x) { return x < -40 ? Real(-40) : x > 40 ? Real(40) : x; };
  const auto twice_u = [=](Real x) { return kTwice * (x + kCubic * x * x * x); };
  return unary(
      "gelu_tanh", x, [=](Real x) { return (x < 0 ? limited(x) : x) * sigmoid_approx(twice_u(limited(x))); },
      [=](Real x, Real) {  // σ(2u) (1 + x σ(-2u) 2u')
        const Real near = limited(x), z = twice_u(near);
        return sigmoid_approx(z) * (1 + near * sigmoid_approx(-z) * kTwice * (1 + 3 * kCubic * near * near));
      });
}

Tensor softplus(Tensor x, Real beta, Real threshold) {
  return unary(
      "softplus", x,
      [=](Real x) {  // log(1 + e^z) = max(z, 0) + log(1 + e^-|z|), where nothing overflows
        const Real z = beta * x;
        return z > threshold ? x : ((z > 0 ? z : 0) + log1p_approx(exp_approx(z > 0 ? -z : z))) / beta;
      },
      [=](Real x, Real) { return beta * x > threshold ? Real(1) : sigmoid_approx(beta * x); });
}

Tensor silu(Tensor x) {
  // With h = exp(-|x| / 2), σ(|x|) = 1 / (1 + h²) and σ(-|x|) = h · h / (1 + h²): as h is no denormal number where the
  // result is none, no digits are lost. Beyond the limit h is 0, and so is the product that would be 0 · ∞.
  constexpr Real kLimit = 3000;
  const auto half = [](Real x) { return exp_approx(Real(-0.5) * (x < 0 ? -x : x)); };
  const auto limited = [](Real x) { return x < -kLimit ? -kLimit : x > kLimit ? kLimit : x; };
  return unary(
      "silu", x,
      [=](Real x) {
        const Real h = half(x);
        return (x > 0 ? x : limited(x) * h * h) / (1 + h * h);
      },
      [=](Real x, Real) {  // σ(x) (1 + x σ(-x))
        const Real h = half(x), s = 1 / (1 + h * h), z = limited(x);
        return x > 0 ? s * (1 + z * h * h * s) : h * (1 + z * s) * h * s;
      });
}

Tensor leaky_relu(Tensor x, Real negative_slope) {
  return unary(
      "leaky_relu", x, [=](Real x) { return x > 0 ? x : negative_slope * x; },
      [=](Real x, Real) { return x > 0 ? Real(1) : negative_slope; });
}

Tensor elu(Tensor x, Real alpha) {
  return unary(
      "elu", x, [=](Real x) { return x > 0 ? x : alpha * expm1_approx(x); },
      [=](Real x, Real) { return x <= 0 ? alpha * exp_approx(x) : Real(1); });
}

Tensor sqrt(Tensor x) {
  return unary(
      "sqrt", x, [](Real x) { return std::sqrt(x); }, [](Real, Real y, Real dy) { return Real(0.5) * dy / y; });
}

Tensor rsqrt(Tensor x) {
  return unary(
      "rsqrt", x, [](Real x) { return 1 / std::sqrt(x); },
      [](Real x, Real y, Real dy) { return static_cast<Real>(Wide(-0.5) * dy * y / x); });
}

Tensor square(Tensor x) {
  return unary(
      "square", x, [](Real x) { return x * x; }, [](Real x, Real) { return 2 * x; });
}

namespace {

/// d base^exponent / d base. NaN where the power is, also if rounding makes an integer of exponent - 1.
GRADUS_INLINE Real power_by_base(Real base, Real exponent) {
  if (base < 0 && exponent != std::trunc(exponent)) return std::numeric_limits<Real>::quiet_NaN();
  return exponent == 0 ? Real(0) : exponent * std::pow(base, exponent - 1);
}

/// d base^exponent / d exponent. At a base of 0 it is 0, where the formula would give 0 · -∞, unless the power is ∞.
GRADUS_INLINE Real power_by_exponent(Real base, Real exponent, Real y) {
  return base == 0 && exponent >= 0 ? Real(0) : y * std::log(base);
}

}

Tensor pow(Tensor base, Tensor exponent) {
  return binary(
      "pow", base, exponent, [](Real a, Real b) { return std::pow(a, b); },
      [](Real a, Real b, Real dy) { return dy * power_by_base(a, b); },
      [](Real a, Real b, Real dy) { return dy * power_by_exponent(a, b, std::pow(a, b)); });
}

Tensor pow(Tensor base, Real exponent) {
  // With exponent 0 the derivative is 0 at a base of 0 too, where the formula would give 0 · ∞.
  return unary(
      "pow", base, [=](Real x) { return std::pow(x, exponent); },
      [=](Real x, Real, Real dy) {
        return exponent == 0 ? Real(0) : static_cast<Real>(Wide(dy) * exponent * std::pow(Wide(x), Wide(exponent) - 1));
      });
}

Tensor pow(Real base, Tensor exponent) {
  return unary(
      "exponential", exponent, [=](Real x) { return std::pow(base, x); },
      [=](Real x, Real y) { return power_by_exponent(base, x, y); });
}

Tensor abs(Tensor x) {
  return unary(
      "abs", x, [](Real x) { return std::abs(x); }, [](Real x, Real) { return Real((x > 0) - (x < 0)); });
}

namespace {

/// A step function: its derivative is 0.
template <class Function>
Tensor steps(const char* name, Tensor x, Function function) {
  return unary(name, x, function, [](Real, Real) { return Real(0); });
}

}

Tensor sign(Tensor x) {
  return steps("sign", x, [](Real x) { return Real((x > 0) - (x < 0)); });
}

Tensor round(Tensor x) {
  return steps("round", x, [](Real x) { return std::nearbyint(x); });
}

Tensor floor(Tensor x) {
  return steps("floor", x, [](Real x) { return std::floor(x); });
}

Tensor ceil(Tensor x) {
  return steps("ceil", x, [](Real x) { return std::ceil(x); });
}

Tensor clamp(Tensor x, Real low, Real high) {
  if (!(low <= high)) fail("clamp: empty range: low is {}, high is {}; need low <= high", low, high);
  return unary(
      "clamp", x, [=](Real x) { return x < low    ? low
                                       : x > high ? high
                                                  : x; },
      [=](Real x, Real) { return x < low || x > high ? Real(0) : Real(1); });
}

// A limit that is NaN makes NaN of x; so does x itself, which then has no gradient.

Tensor clamp_min(Tensor x, Tensor low) {
  return binary(
      "clamp_min", x, low, [](Real x, Real low) { return x < low || low != low ? low : x; },
      [](Real x, Real low, Real dy) { return x >= low ? dy : Real(0); },
      [](Real x, Real low, Real dy) { return x < low ? dy : Real(0); });
}

Tensor clamp_max(Tensor x, Tensor high) {
  return binary(
      "clamp_max", x, high, [](Real x, Real high) { return x > high || high != high ? high : x; },
      [](Real x, Real high, Real dy) { return x <= high ? dy : Real(0); },
      [](Real x, Real high, Real dy) { return x > high ? dy : Real(0); });
}

Tensor clamp(Tensor x, Tensor low, Tensor high) {
  if (low) x = clamp_min(x, low);
  return high ? clamp_max(x, high) : x;
}

Tensor dropout(Tensor x, Real probability) {
  if (!(probability >= 0 && probability < 1)) {
    fail("dropout: bad probability: {}; need 0 <= probability < 1", probability);
  }
  if (probability == 0) return x;
  // The mask is made again in the backward, which takes less time than reading it back would.
  const auto make_mask = [=, random = Tape::active().random(x.size())](Scratch& scratch) {
    Real* const mask = scratch.allocate(x.size());
    kernels::dropout_mask(random.seed, random.begin, 1 - probability, mask, x.size());
    return mask;
  };
  Tensor y = output(x.shape(), {x});
  Scratch scratch;
  kernels::mul(x.value().data, make_mask(scratch), y.value().data, x.size());  // y = x ∘ mask
  record("dropout", y, [=] {
    detail::accumulate(x, [=](Real* dx) {
      Scratch scratch;
      kernels::mul(y.grad().data, make_mask(scratch), dx, x.size());  // dx += dy ∘ mask
    });
  });
  return y;
}

}
