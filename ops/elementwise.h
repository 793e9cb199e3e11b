#pragma once

#include "autograd/tape.h"

/// Functions of each number by itself. Where two tensors meet, they broadcast (`broadcast` in autograd/shape.h); the
/// gradient of a stretched tensor is the sum over the places it was stretched to.

namespace gradus::inline GRADUS_PRECISION {

/// a + b, a - b, a * b, a / b, number by number.
Tensor add(Tensor a, Tensor b);
Tensor sub(Tensor a, Tensor b);
Tensor mul(Tensor a, Tensor b);
Tensor div(Tensor a, Tensor b);

inline Tensor operator+(Tensor a, Tensor b) { return add(a, b); }
inline Tensor operator-(Tensor a, Tensor b) { return sub(a, b); }
inline Tensor operator*(Tensor a, Tensor b) { return mul(a, b); }
inline Tensor operator/(Tensor a, Tensor b) { return div(a, b); }

/// scale * x + shift, with plain numbers.
Tensor affine(Tensor x, Real scale, Real shift);

inline Tensor operator-(Tensor x) { return affine(x, -1, 0); }
inline Tensor operator+(Tensor x, Real shift) { return affine(x, 1, shift); }
inline Tensor operator+(Real shift, Tensor x) { return affine(x, 1, shift); }
inline Tensor operator-(Tensor x, Real shift) { return affine(x, 1, -shift); }
inline Tensor operator-(Real shift, Tensor x) { return affine(x, -1, shift); }
inline Tensor operator*(Tensor x, Real scale) { return affine(x, scale, 0); }
inline Tensor operator*(Real scale, Tensor x) { return affine(x, scale, 0); }
inline Tensor operator/(Tensor x, Real divisor) { return div(x, full({}, divisor)); }

Tensor exp(Tensor x);
/// The natural logarithm; -inf at 0 and NaN below, as in the standard library.
Tensor log(Tensor x);
Tensor tanh(Tensor x);
/// 1 / (1 + exp(-x)).
Tensor sigmoid(Tensor x);
/// max(x, 0). The gradient at 0 is 0.
Tensor relu(Tensor x);
/// x Φ(x), where Φ is the distribution function of N(0, 1) (Hendrycks, Gimpel 2016); 0 at -inf.
Tensor gelu(Tensor x);
Tensor sqrt(Tensor x);
Tensor square(Tensor x);
/// x to a fixed exponent.
Tensor power(Tensor x, Real exponent);
/// x limited to [low, high]. The gradient is 0 outside and 1 inside, the limits included.
Tensor clamp(Tensor x, Real low, Real high);

/// Sets each number to 0 with the given probability and divides the others by (1 - probability), so that the mean stays
/// (inverted dropout, Srivastava et al. 2014, section 10). Random numbers come from the tape; probability in [0, 1).
/// Also on an inference tape: it is `Module::eval()` that switches off the dropout of layers.
Tensor dropout(Tensor x, Real probability);

}
