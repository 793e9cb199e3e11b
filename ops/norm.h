#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis; the variance is that of the population
/// (Ba, Kiros, Hinton 2016, eq. 4).   x: (…, D), weight: (D), bias: (D) -> (…, D)
Tensor layer_norm(Tensor x, Tensor weight, Tensor bias, Real epsilon = Real(1e-5));

}
