#pragma once

#include "ops/fused/attention.h"

namespace gradus::inline GRADUS_PRECISION {

struct ScaledDotOptions {
  int heads = 1;        ///< K: head k has columns [k D, (k + 1) D) of queries, keys and values, with D = H / K
  bool causal = false;  ///< position i attends to positions 0 to i only; both sides are then equally long
  Real dropout = 0;     ///< of the weights
};

/// Attention of whole sentences: every position of sentence b of `query_rows` attends to the positions of sentence b of
/// `key_rows`, head by head (Vaswani et al. 2017, eq. 1 and section 3.2.2):
///     α_ij = softmax_j(q_iᵀ k_j / √D)     c_i = Σ_j α_ij v_j
/// There is no work for padding, and nothing is read of a position that is not attended to, whatever it holds.
/// query: (…, H), keys, values: (…, H) -> as the query, 0 beyond a length
Tensor scaled_dot_attention(Tensor query, Tensor keys, Tensor values, const SequenceRows& query_rows,
                            const SequenceRows& key_rows, const ScaledDotOptions& options = {});

/// The twin, out of basic ops.
namespace unfused {
Tensor scaled_dot_attention(Tensor query, Tensor keys, Tensor values, const SequenceRows& query_rows,
                            const SequenceRows& key_rows, const ScaledDotOptions& options = {});
}

}
