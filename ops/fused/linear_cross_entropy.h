#pragma once

#include "ops/cross_entropy.h"

namespace gradus::inline GRADUS_PRECISION {

/// cross_entropy(linear(x, weight, bias), targets, options) that never holds all the logits: it works through blocks of
/// rows, and computes their gradients in the same pass.   x: (N, K), weight: (V, K), bias: (V), targets: (N) -> ()
Tensor linear_cross_entropy(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets,
                            const CrossEntropyOptions& options = {});

/// The twin, out of basic ops.
namespace unfused {
Tensor linear_cross_entropy(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets,
                            const CrossEntropyOptions& options = {});
}

}
