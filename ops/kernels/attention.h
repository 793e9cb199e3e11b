#pragma once

#include "autograd/real.h"

/// Additive attention of one query over the `count` keys of its sentence, in one pass each way. query, v: (size),
/// scores: (count). Key j, (size), is row offset[j] of `keys`.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

/// scores[j] = vᵀ tanh(query + keys[offset[j]]).
void additive_scores(int count, int size, const Real* query, const Real* keys, const int* offset, const Real* v,
                     Real* scores);

/// Adds to the gradients. The tanh is computed anew: to keep it would cost more, in memory traffic, than it takes.
/// `dkeys_stride` is the distance between the rows of dkeys: `size`, or 0 for keys that need no gradient, whose sum
/// then goes to one row.
void additive_scores_backward(int count, int size, const Real* query, const Real* keys, const int* offset,
                              const Real* v, const Real* dscores, Real* dquery, Real* dkeys, int dkeys_stride,
                              Real* dv);

}
}
