#include "ops/kernels/attention.h"

#include <cstddef>

#include "ops/kernels/lanes.h"
#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

GRADUS_SIMD_CLONES void additive_scores(int count, int size, const Real* query, const Real* keys, const int* offset,
                                        const Real* v, Real* scores) {
  for (int j = 0; j < count; ++j) {
    const Real* const key = keys + std::size_t(offset[j]) * size;
    scores[j] = reduce_lanes<kLanes>(
        Real(0), size, [=](std::size_t a) { return v[a] * tanh_approx(query[a] + key[a]); }, Plus{});
  }
}

GRADUS_SIMD_CLONES void additive_scores_backward(int count, int size, const Real* query, const Real* keys,
                                                 const int* offset, const Real* v, const Real* dscores, Real* dquery,
                                                 Real* dkeys, int dkeys_stride, Real* dv) {
  for (int j = 0; j < count; ++j) {
    const Real* const key = keys + std::size_t(offset[j]) * size;
    Real* const dkey = dkeys + std::size_t(offset[j]) * dkeys_stride;
    const Real de = dscores[j];
    GRADUS_INDEPENDENT_LOOP
    for (std::size_t a = 0; a < std::size_t(size); ++a) {
      const auto [t, slope] = tanh_slope_approx(query[a] + key[a]);
      const Real dsum = de * v[a] * slope;
      dquery[a] += dsum;
      dkey[a] += dsum;
      dv[a] += de * t;
    }
  }
}

}
}
