#include "ops/attention_kernels.h"

#include <cstddef>

#include "ops/lanes.h"
#include "ops/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

GRADUS_SIMD_CLONES void additive_scores(int count, int size, const Real* query, const Real* keys, const Real* v,
                                        Real* scores) {
  for (int j = 0; j < count; ++j, keys += size) {
    scores[j] = reduce_lanes<kLanes>(
        Real(0), size, [=](std::size_t a) { return v[a] * tanh_approx(query[a] + keys[a]); }, Plus{});
  }
}

GRADUS_SIMD_CLONES void additive_scores_backward(int count, int size, const Real* query, const Real* keys,
                                                 const Real* v, const Real* dscores, Real* dquery, Real* dkeys,
                                                 int dkeys_stride, Real* dv) {
  for (int j = 0; j < count; ++j, keys += size, dkeys += dkeys_stride) {
    const Real de = dscores[j];
#pragma GCC ivdep
    for (std::size_t a = 0; a < std::size_t(size); ++a) {
      const Real t = tanh_approx(query[a] + keys[a]);
      const Real dsum = de * v[a] * (1 - t * t);
      dquery[a] += dsum;
      dkeys[a] += dsum;
      dv[a] += de * t;
    }
  }
}

}
}
