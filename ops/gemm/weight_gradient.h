#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// dW[:, first_col : first_col + in] += dyᵀ x, for a product y = x Wᵀ: at the end of the step if W is a parameter, by
/// one large product with all its other uses (autograd/gather.h), and at once if it is any other tensor. What dy and x
/// point to must stay as it is until the tape ends.   dy: (rows, out), x: (rows, in), weight: (out, first_col + in or
/// more)
void add_weight_gradient(Tensor weight, int first_col, const ConstArray& dy, const ConstArray& x);

}
