#pragma once

#include "nn/module.h"
#include "nn/rng.h"

namespace gradus::inline GRADUS_PRECISION {

/// Gives a module values as from a training, at which no part of it is without effect: biases and norms are random too.
inline void randomize(Module& module) {
  Rng rng(3);
  for (Parameter* parameter : module.parameters()) {
    for (Real& number : parameter->value()) number += static_cast<Real>(rng.uniform(-0.5, 0.5));
  }
}

/// Numbers in [-1, 1) by a seed.
inline Tensor random_tensor(const Shape& shape, std::uint64_t seed) {
  Rng rng(seed);
  Tensor x = full(shape, 0);
  for (Real& value : x.value()) value = static_cast<Real>(rng.uniform(-1, 1));
  return x;
}

}
