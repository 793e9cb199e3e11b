#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias, channel by channel (Ioffe, Szegedy 2015, algorithm 1).
/// x: (N, C) or (N, C, d1, …), weight, bias: (C) or empty handles for 1 and 0 -> the shape of x
///
/// In training, mean and variance are those of the batch, over all axes but that of the channels, and the running ones,
/// (C) each or none, go on to (1 - momentum) old + momentum new, the new variance being the unbiased one. A batch needs
/// more than one number a channel then. Otherwise the running ones are used, and stay.
Tensor batch_norm(Tensor x, std::span<Real> running_mean, std::span<Real> running_var, Tensor weight = {},
                  Tensor bias = {}, bool training = false, Real momentum = Real(0.1), Real epsilon = Real(1e-5));

}
