#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// For the backward of an op with a weight: adds a contribution to the weight's gradient, at the end of the step if the
/// weight is a parameter, and at once if it is any other tensor.
inline void contribute(Tensor weight, const Contribution& contribution) {
  if (weight.node().leaf != nullptr) {
    Tape::active().note(weight, contribution);
  } else {
    contribution.add(weight.grad(), 0, weight.dim(0), {&contribution, 1});
  }
}

}
