#pragma once

#include "autograd/tape.h"

/// The parts of an attention step that are not plain products: scores of one query a sentence against all keys of that
/// sentence, and the weighted sum. A batch's keys and values are padded, (B, S, ·), with `lengths[b]` true positions in
/// sentence b; what lies beyond is neither read nor written, so padding is never attended, whatever it holds.
///
/// A decoder whose sentences are sorted longest target first drops those that have ended: then there are only N <= B
/// queries, for the first N sentences.

namespace gradus::inline GRADUS_PRECISION {

/// Additive scores e[b, j] = vᵀ tanh(q[b] + k[b, j]), where q = W s and k = U h are projected already (Bahdanau et al.
/// 2014, appendix A.1.2).   query: (N, A), keys: (B, S, A), v: (A), lengths: (B) -> (N, S), 0 beyond a length
Tensor additive_scores(Tensor query, Tensor keys, Tensor v, std::span<const int> lengths);

/// Dot-product scores e[b, j] = scale · q[b]ᵀ k[b, j] (Luong et al. 2015, eq. 8, dot, and with k = W h, general;
/// Vaswani et al. 2017, eq. 1, with scale 1/√H).   query: (N, H), keys: (B, S, H), lengths: (B) -> (N, S), 0 beyond a
/// length
Tensor dot_scores(Tensor query, Tensor keys, std::span<const int> lengths, Real scale = 1);

/// The context c[b] = Σ_j w[b, j] v[b, j].   weights: (N, S), values: (B, S, H), lengths: (B) -> (N, H)
Tensor weighted_sum(Tensor weights, Tensor values, std::span<const int> lengths);

}
