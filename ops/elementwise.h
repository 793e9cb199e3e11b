#pragma once

#include <limits>

#include "autograd/tape.h"

/// Functions of each number by itself. Where two tensors meet, they broadcast (`broadcast` in autograd/shape.h); the
/// gradient of a stretched tensor is the sum over the places it was stretched to.

namespace gradus::inline GRADUS_PRECISION {

/// a + b, a - b, a * b, a / b, number by number.
Tensor add(Tensor a, Tensor b);
Tensor sub(Tensor a, Tensor b);
Tensor mul(Tensor a, Tensor b);
Tensor div(Tensor a, Tensor b);

/// As `add`, `sub`, `mul` and `div`.
inline Tensor operator+(Tensor a, Tensor b) { return add(a, b); }
inline Tensor operator-(Tensor a, Tensor b) { return sub(a, b); }
inline Tensor operator*(Tensor a, Tensor b) { return mul(a, b); }
inline Tensor operator/(Tensor a, Tensor b) { return div(a, b); }

/// scale * x + shift, with plain numbers.
Tensor affine(Tensor x, Real scale, Real shift);

/// With a plain number: as `affine`, and x / divisor.
inline Tensor operator-(Tensor x) { return affine(x, -1, 0); }
inline Tensor operator+(Tensor x, Real shift) { return affine(x, 1, shift); }
inline Tensor operator+(Real shift, Tensor x) { return affine(x, 1, shift); }
inline Tensor operator-(Tensor x, Real shift) { return affine(x, 1, -shift); }
inline Tensor operator-(Real shift, Tensor x) { return affine(x, -1, shift); }
inline Tensor operator*(Tensor x, Real scale) { return affine(x, scale, 0); }
inline Tensor operator*(Real scale, Tensor x) { return affine(x, scale, 0); }
inline Tensor operator/(Tensor x, Real divisor) { return div(x, full({}, divisor)); }
/// dividend / x, number by number.
Tensor operator/(Real dividend, Tensor x);

/// `total += loss` is `total = total + loss`: the handle then refers to the sum. No value changes in place, so other
/// handles, and what is recorded already, keep theirs.
template <class Operand>
Tensor& operator+=(Tensor& a, const Operand& b) {
  return a = a + b;
}
template <class Operand>
Tensor& operator-=(Tensor& a, const Operand& b) {
  return a = a - b;
}
template <class Operand>
Tensor& operator*=(Tensor& a, const Operand& b) {
  return a = a * b;
}
template <class Operand>
Tensor& operator/=(Tensor& a, const Operand& b) {
  return a = a / b;
}

/// eˣ.
Tensor exp(Tensor x);
/// exp(x) - 1, exact for small x, too.
Tensor expm1(Tensor x);
/// The natural logarithm; -inf at 0 and NaN below, as in the standard library.
Tensor log(Tensor x);
/// log(1 + x), exact for small x, too.
Tensor log1p(Tensor x);
/// The sine of x, in radians.
Tensor sin(Tensor x);
/// The cosine of x, in radians.
Tensor cos(Tensor x);
/// The error function, 2/√π ∫₀ˣ exp(-t²) dt.
Tensor erf(Tensor x);
/// The hyperbolic tangent.
Tensor tanh(Tensor x);
/// 1 / (1 + exp(-x)).
Tensor sigmoid(Tensor x);
/// max(x, 0). The gradient at 0 is 0.
Tensor relu(Tensor x);
/// x Φ(x), where Φ is the distribution function of N(0, 1) (Hendrycks, Gimpel 2016); 0 at -inf.
Tensor gelu(Tensor x);
/// Its approximation x / 2 (1 + tanh(√(2/π) (x + 0.044715 x³))), section 2 there: what GPT-2 and BERT were trained with
/// (PyTorch's approximate="tanh").
Tensor gelu_tanh(Tensor x);
/// log(1 + exp(beta x)) / beta, or x itself where beta x > threshold.
Tensor softplus(Tensor x, Real beta = 1, Real threshold = 20);
/// x / (1 + exp(-x)) (Elfwing, Uchibe, Doya 2017), also named swish; its limit, 0, at -inf.
Tensor silu(Tensor x);
/// x where x > 0, else negative_slope x (Maas, Hannun, Ng 2013). The gradient at 0 is the slope's.
Tensor leaky_relu(Tensor x, Real negative_slope = Real(0.01));
/// x where x > 0, else alpha (exp(x) - 1) (Clevert, Unterthiner, Hochreiter 2015, eq. 15).
Tensor elu(Tensor x, Real alpha = 1);
/// √x; NaN below 0. The gradient at 0 is infinite: `where` in ops/compare.h shows a way around.
Tensor sqrt(Tensor x);
/// 1 / √x.
Tensor rsqrt(Tensor x);
/// 1 / x.
inline Tensor reciprocal(Tensor x) { return Real(1) / x; }
/// x².
Tensor square(Tensor x);
/// base to the exponent, number by number. Where the base is 0 and the exponent not negative, the exponent's gradient
/// is 0; below a base of 0 it is NaN, since there a power is no function of the exponent.
Tensor pow(Tensor base, Tensor exponent);
Tensor pow(Real base, Tensor exponent);
Tensor pow(Tensor base, Real exponent);

/// |x|. The gradient at 0 is 0.
Tensor abs(Tensor x);
/// -1, 0 or 1, of NaN 0; as those that follow, it is constant but for its steps, and its gradient is 0.
Tensor sign(Tensor x);
/// The nearest integer, of two the even one: 0.5 to 0, 1.5 to 2.
Tensor round(Tensor x);
/// The next integer that is not above x.
Tensor floor(Tensor x);
/// The next integer that is not below x.
Tensor ceil(Tensor x);
/// x limited to [low, high]. The gradient is 0 outside and 1 inside, the limits included.
Tensor clamp(Tensor x, Real low, Real high);
/// x limited from one side.
inline Tensor clamp_min(Tensor x, Real low) { return clamp(x, low, std::numeric_limits<Real>::infinity()); }
inline Tensor clamp_max(Tensor x, Real high) { return clamp(x, -std::numeric_limits<Real>::infinity(), high); }
/// x limited to [low, high], number by number; where high < low, high counts. An empty handle is no limit. The gradient
/// goes to x inside, the limits included, and else to the limit.
Tensor clamp(Tensor x, Tensor low, Tensor high);
Tensor clamp_min(Tensor x, Tensor low);
Tensor clamp_max(Tensor x, Tensor high);

/// Sets each number to 0 with the given probability and divides the others by (1 - probability), so that the mean stays
/// (inverted dropout, Srivastava et al. 2014, section 10). Random numbers come from the tape; probability in [0, 1).
/// Also on an inference tape: it is `Module::eval()` that switches off the dropout of layers.
Tensor dropout(Tensor x, Real probability);

}
