#pragma once

#include <cstddef>
#include <cstdint>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

/// Inverted dropout: mask[i] = 1/keep_probability with that probability, else 0. Element i depends on (seed, offset +
/// i) alone, so a mask can be made again, or made in pieces, in any order and on any thread.
void dropout_mask(std::uint64_t seed, std::uint64_t offset, Real keep_probability, Real* mask, std::size_t n);

/// A number in [0, 1) with 24 random bits, from the same generator as `dropout_mask`.
Real uniform(std::uint64_t seed, std::uint64_t counter);

}
}
