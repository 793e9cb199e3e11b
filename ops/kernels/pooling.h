#pragma once

#include <cstddef>

#include "autograd/real.h"

/// Maxima of patches.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

/// Where x[place + i · stride] is larger than largest[i], or NaN and that is none, or places[i] is below 0, it and its
/// place take theirs, for all i < n.
void keep_larger(const Real* x, int place, int stride, Real* largest, int* places, std::size_t n);

}
}
