#pragma once

#include "autograd/tape.h"

/// Numbers in order. Equal ones keep theirs; NaN counts as larger than any number. A scalar counts as one axis of
/// length 1.

namespace gradus::inline GRADUS_PRECISION {

/// Numbers in order, and where along the axis each was, in the order of the values.
struct Sorted {
  Tensor values;             ///< in order; they pass their gradients back
  std::vector<int> indices;  ///< one for each of the values
};

/// The numbers along an axis, the smallest first, or the largest.   (…, n, …) -> the same
Sorted sort(Tensor x, int axis = -1, bool descending = false);
/// Where along the axis they were; not differentiable.
std::vector<int> argsort(Tensor x, int axis = -1, bool descending = false);
/// The k largest numbers along an axis, or the smallest, the outermost first.   (…, n, …) -> (…, k, …)
Sorted topk(Tensor x, int k, int axis = -1, bool largest = true);

}
