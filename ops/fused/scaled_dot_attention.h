#pragma once

#include "ops/fused/attention.h"

namespace gradus::inline GRADUS_PRECISION {

/// Which query attends to which key, beside what lengths and order say. Both tensors broadcast to (B, heads, T, S), for
/// T and S positions a sentence, padding included.
struct AttentionMask {
  Tensor allowed = {};  ///< 0 where a query does not attend to a key, whatever the score; or an empty handle
  Tensor bias = {};     ///< added to the scores; -inf masks, too. It gets a gradient; or an empty handle

  explicit operator bool() const { return allowed || bias; }  ///< whether there is any mask
};

/// What scaled dot-product attention does besides.
struct ScaledDotOptions {
  int heads = 1;            ///< K: head k has columns [k D, (k + 1) D) of queries, keys and values, with D = H / K
  bool causal = false;      ///< position i attends to positions 0 to i only; both sides are then equally long
  Real dropout = 0;         ///< of the weights
  AttentionMask mask = {};  ///< beside lengths and order
};

/// Attention of whole sentences: every position of sentence b of `query_rows` attends to the positions of sentence b of
/// `key_rows`, head by head (Vaswani et al. 2017, eq. 1 and section 3.2.2):
///     α_ij = softmax_j(q_iᵀ k_j / √D + bias_ij)     c_i = Σ_j α_ij v_j
/// There is no work for padding, and nothing is read of a position that lengths or `causal` leave out, whatever it
/// holds. What a mask leaves out gets the weight 0, and should hold finite values, since 0 · NaN is not 0. A query that
/// it leaves no key has the context 0. query: (…, H), keys, values: (…, H) -> as the query, 0 beyond a length
Tensor scaled_dot_attention(Tensor query, Tensor keys, Tensor values, const SequenceRows& query_rows,
                            const SequenceRows& key_rows, const ScaledDotOptions& options = {});

/// The twin, out of basic ops.
namespace unfused {
Tensor scaled_dot_attention(Tensor query, Tensor keys, Tensor values, const SequenceRows& query_rows,
                            const SequenceRows& key_rows, const ScaledDotOptions& options = {});
}

}
