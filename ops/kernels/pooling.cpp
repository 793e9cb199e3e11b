#include "ops/kernels/pooling.h"

#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

namespace {

GRADUS_INLINE void keep_larger_of(const Real* x, int place, int stride, Real* largest, int* places, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) {
    const int at = place + static_cast<int>(i) * stride;
    const Real value = x[at], best = largest[i];
    const bool takes = (value > best) | ((value != value) & (best == best)) | (places[i] < 0);
    largest[i] = takes ? value : best;
    places[i] = takes ? at : places[i];
  }
}

}

// A stride that the compiler knows makes vectors of what it reads.
GRADUS_SIMD_CLONES void keep_larger(const Real* x, int place, int stride, Real* largest, int* places, std::size_t n) {
  if (stride == 1) return keep_larger_of(x, place, 1, largest, places, n);
  if (stride == 2) return keep_larger_of(x, place, 2, largest, places, n);
  keep_larger_of(x, place, stride, largest, places, n);
}

}
}
