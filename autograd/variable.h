#pragma once

#include "autograd/list.h"
#include "autograd/tensor.h"

/// What a program puts on the active tape by itself.

namespace gradus::inline GRADUS_PRECISION {

/// A tensor of given numbers. No gradient flows into it.
Tensor constant(const Shape& shape, List<Real> values);
/// A constant filled with one number.
Tensor full(const Shape& shape, Real value);
/// A tensor of given numbers whose gradient `backward` computes.
Tensor variable(const Shape& shape, List<Real> values);

}
