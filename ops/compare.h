#pragma once

#include "autograd/tape.h"

/// Masks, and what chooses by them or by size. A mask is a tensor of numbers: 0 is no, all others (NaN, too) are yes.
/// Where tensors meet they broadcast, as in ops/elementwise.h.

namespace gradus::inline GRADUS_PRECISION {

/// A mask of 1 where it is so and 0 elsewhere: a == b, a != b, a < b, a <= b, a > b, a >= b, number by number. NaN is
/// unequal to all. No gradient flows through a mask. They are no operators, since `if (loss < 1)` would ask whether the
/// handle of the mask refers to anything.
Tensor eq(Tensor a, Tensor b);
Tensor ne(Tensor a, Tensor b);
Tensor lt(Tensor a, Tensor b);
Tensor le(Tensor a, Tensor b);
Tensor gt(Tensor a, Tensor b);
Tensor ge(Tensor a, Tensor b);
Tensor eq(Tensor a, Real b);
Tensor ne(Tensor a, Real b);
Tensor lt(Tensor a, Real b);
Tensor le(Tensor a, Real b);
Tensor gt(Tensor a, Real b);
Tensor ge(Tensor a, Real b);

/// The larger, or smaller, of a and b, NaN if one is. Of two equal numbers each gets half of the gradient.
Tensor maximum(Tensor a, Tensor b);
Tensor minimum(Tensor a, Tensor b);

/// a where the mask is not 0, b elsewhere. All three broadcast. Throws if the mask needs a gradient.
///
/// What is not chosen gets the gradient 0, and passes it on. Where a derivative is infinite, 0 · ∞ is NaN: the gradient
/// of `where(mask, sqrt(x), 0)` is NaN at x = 0, although the root is not chosen there. So choose twice, on the way in
/// and on the way out; likewise for `log`, `rsqrt` and divisions.
///
///     Tensor positive = gt(x, 0);
///     Tensor root = where(positive, sqrt(where(positive, x, 1)), 0);
///
/// `norm` in ops/reduce.h needs none of that: its gradient at 0 is 0.
Tensor where(Tensor mask, Tensor a, Tensor b);
Tensor where(Tensor mask, Tensor a, Real b);
Tensor where(Tensor mask, Real a, Tensor b);
Tensor where(Tensor mask, Real a, Real b);

/// x, but `value` where the mask is not 0.
inline Tensor masked_fill(Tensor x, Tensor mask, Real value) { return where(mask, value, x); }

}
