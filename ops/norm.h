#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis, or over as many as the weight has; the
/// variance is that of the population (Ba, Kiros, Hinton 2016, eq. 4).   x: (…, D), weight: (D), bias: (D) -> (…, D)
Tensor layer_norm(Tensor x, Tensor weight, Tensor bias, Real epsilon = Real(1e-5));
/// The norm over the last axes of x, which have these lengths, without weight or bias where they are empty handles.
Tensor layer_norm(Tensor x, List<int> normalized_shape, Tensor weight = {}, Tensor bias = {},
                  Real epsilon = Real(1e-5));

}
