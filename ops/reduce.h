#pragma once

#include "autograd/tape.h"

/// Many numbers become one. `axes` are those along which numbers are put together: one axis, or several, `{0, 2}`, or
/// all, `{}`; a negative one counts from the end. They disappear, or stay with length 1 when `keep` is set.
///
///     (…, n, …) -> (…, …) or (…, 1, …)
///
/// A scalar counts as one axis of length 1, which is axis 0 and -1, here and wherever there are axes to sort along and
/// the like (as in PyTorch).
///
/// Variances, standard deviations and norms lose no digits to numbers that are large, small or far from 0.

namespace gradus::inline GRADUS_PRECISION {

/// What becomes of the losses of a batch: all of them, their mean, or their sum.
enum class Reduction { None, Mean, Sum };
/// "none", "mean" and "sum", by their number.
inline constexpr const char* kReductionNames[] = {"none", "mean", "sum"};
/// The name of a reduction.
inline const char* to_string(Reduction reduction) { return kReductionNames[static_cast<int>(reduction)]; }

/// The sum, or the mean, of all numbers -> ().
Tensor sum(Tensor x);
Tensor mean(Tensor x);

/// The sum along axes; 0 if there are no numbers.
Tensor sum(Tensor x, List<int> axes, bool keep = false);
/// The mean along axes. Throws if there are no numbers.
Tensor mean(Tensor x, List<int> axes, bool keep = false);
/// The product. Its gradient is right where numbers are 0, too.
Tensor prod(Tensor x, List<int> axes = {}, bool keep = false);

/// The largest, or smallest, number along one axis; NaN, if there is one. The gradient goes to the first of equal ones.
/// Throws on an axis of length 0.
Tensor max(Tensor x, int axis, bool keep = false);
Tensor min(Tensor x, int axis, bool keep = false);
/// The largest, or smallest, along several axes. Equal ones share the gradient. Throws if there are no numbers.
Tensor amax(Tensor x, List<int> axes = {}, bool keep = false);
Tensor amin(Tensor x, List<int> axes = {}, bool keep = false);
/// The largest, or smallest, of all numbers -> (). Equal ones share the gradient.
inline Tensor max(Tensor x) { return amax(x); }
inline Tensor min(Tensor x) { return amin(x); }

/// Σ (x - mean x)² / (n - correction): with 1 the variance that a sample of n lets one expect of all (Bessel), with 0
/// that of the n numbers themselves. NaN or ∞ for no more numbers than the correction.
Tensor var(Tensor x, List<int> axes = {}, Real correction = 1, bool keep = false);
/// The root of the variance, PyTorch's `std`, a name that C++ has taken. Where it is 0, so is its gradient.
Tensor stddev(Tensor x, List<int> axes = {}, Real correction = 1, bool keep = false);
/// (Σ |x|^p)^(1/p): with 2 the length of a vector, with 1 the sum of absolute values, with ±infinity the largest or
/// smallest of them, with 0 how many are not 0. Where the norm is 0, so is its gradient (a subgradient).
Tensor norm(Tensor x, Real p = 2, List<int> axes = {}, bool keep = false);
/// log Σ exp(x), without overflow; -inf, and no gradient, if all x are -inf.
Tensor logsumexp(Tensor x, List<int> axes = {}, bool keep = false);

/// Sums up to each place along an axis, itself included: y[i] = x[0] + … + x[i].   (…, n, …) -> the same
Tensor cumsum(Tensor x, int axis);

/// Where along an axis the first maximum, or minimum, is (NaN counts as one); not differentiable.
/// (…, n, …) -> one index for each place along the other axes
std::vector<int> argmax(Tensor x, int axis = -1);
std::vector<int> argmin(Tensor x, int axis = -1);

}
