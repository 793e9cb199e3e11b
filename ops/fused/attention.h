#pragma once

#include "autograd/tape.h"
#include "ops/sequence/packing.h"

/// The parts of an attention step that are not plain products: scores of one query a sentence against all keys of that
/// sentence, and the weighted sum. What stands beyond a sentence's length is neither read nor written, so padding is
/// never attended, whatever it holds.

namespace gradus::inline GRADUS_PRECISION {

/// Which rows of the keys and values belong to which sentence: position j of sentence b is row start[b] + offset[j],
/// for j < length[b]. So padded and packed states can be read as they are, and several hypotheses of a search can read
/// the same sentence.
///
/// A decoder whose sentences are sorted longest target first drops those that have ended: then there are only N <= B
/// queries, for the first N sentences.
struct SequenceRows {
  std::span<const int> start, length;  ///< (B)
  std::span<const int> offset;         ///< (S), increasing

  /// Sentence i of the result is sentence chosen[i]. It lives as long as the active tape, and so do these:
  SequenceRows select(std::span<const int> chosen) const;
  /// The sentences of rows that are cut into `heads` rows each: head k of sentence b is sentence b · heads + k of the
  /// result.
  SequenceRows split(int heads) const;
};

/// The rows of padded sequences, (B, S, ·). Throws for a length outside of 0 to S.
SequenceRows padded_rows(std::span<const int> lengths, int steps);
/// The rows of packed sequences, (rows, ·): sentence i is sequence order[i] of the packing, or sequence i if `order` is
/// empty.
SequenceRows packed_rows(const Packing& packing, std::span<const int> order = {});

/// Additive scores e[b, j] = vᵀ tanh(q[b] + k[b, j]), where q = W s and k = U h are projected already (Bahdanau et al.
/// 2014, appendix A.1.2).   query: (N, A), keys: (…, A), v: (A) -> (N, S), 0 beyond a length
Tensor additive_scores(Tensor query, Tensor keys, Tensor v, const SequenceRows& rows);

/// Dot-product scores e[b, j] = scale · q[b]ᵀ k[b, j] (Luong et al. 2015, section 3.1, dot, and with k = W h,
/// general; Vaswani et al. 2017, eq. 1, with scale 1/√H).   query: (N, H), keys: (…, H) -> (N, S), 0 beyond a length
Tensor dot_scores(Tensor query, Tensor keys, const SequenceRows& rows, Real scale = 1);

/// The context c[b] = Σ_j w[b, j] v[b, j].   weights: (N, S), values: (…, H) -> (N, H)
Tensor weighted_sum(Tensor weights, Tensor values, const SequenceRows& rows);

namespace detail {
/// For ops that read such rows: throws unless `states` has all rows of the first `count` sentences.
void require_rows(const char* op, const char* name, Tensor states, const SequenceRows& rows, int count);
}

/// The twins, out of basic ops.
namespace unfused {
Tensor additive_scores(Tensor query, Tensor keys, Tensor v, const SequenceRows& rows);
Tensor dot_scores(Tensor query, Tensor keys, const SequenceRows& rows, Real scale = 1);
Tensor weighted_sum(Tensor weights, Tensor values, const SequenceRows& rows);
}

}
