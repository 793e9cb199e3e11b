#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// What becomes of the losses of a batch: all of them, their mean, or their sum.
enum class Reduction { None, Mean, Sum };
/// "none", "mean" and "sum", by their number.
inline constexpr const char* kReductionNames[] = {"none", "mean", "sum"};
inline const char* to_string(Reduction reduction) { return kReductionNames[static_cast<int>(reduction)]; }

/// The sum, or the mean, of all numbers -> ().
Tensor sum(Tensor x);
Tensor mean(Tensor x);

/// Along one axis, which disappears, or stays with length 1 when `keep` is set.   (…, n, …) -> (…, …) or (…, 1, …)
Tensor sum(Tensor x, int axis, bool keep = false);
Tensor mean(Tensor x, int axis, bool keep = false);
/// The gradient goes to the first of equal maxima. Throws on an axis of length 0.
Tensor max(Tensor x, int axis, bool keep = false);

/// Where along the last axis each row has its first maximum; not differentiable.   (…, n) -> one index a row
std::vector<int> argmax(Tensor x);

}
