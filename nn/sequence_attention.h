#pragma once

#include "nn/attention.h"
#include "nn/layers.h"
#include "ops/fused/scaled_dot_attention.h"

namespace gradus::inline GRADUS_PRECISION {

/// Keys and values of the positions so far, for a decoder that goes on position by position.
struct KeyValueCache {
  Tensor keys, values;  ///< (N, t · H): of each sentence side by side; empty handles before the first position
};

/// Attention of whole sentences, to themselves (self-attention) or to others (cross-attention), with the parameters of
/// torch.nn.MultiheadAttention (Vaswani et al. 2017, section 3.2.2):
///     [Q; K; V] = W_in [x; states; states] + b_in     y = W_out [C_1; …; C_K] + b_out     C_k: `scaled_dot_attention`
/// nn/attention.h has the attention of one query a sentence, with other scores and scopes.
class SequenceAttention : public Module {
 public:
  /// `size`: H, a multiple of `heads`; `dropout`: of the weights
  SequenceAttention(Module* parent, std::string name, int size, int heads, Real dropout = 0);

  /// Keys and values.   states: (rows, H)
  KeysValues prepare(Tensor states, const SequenceRows& rows);
  /// Sentence i attends to sentence i of the memory, as far as the mask lets it.   x: (rows, H) -> (rows, H)
  Tensor operator()(Tensor x, const SequenceRows& rows, const KeysValues& memory, const AttentionMask& mask = {});
  /// Sentences attend to themselves; if `causal`, each position to those up to itself.   x: (rows, H) -> (rows, H)
  Tensor operator()(Tensor x, const SequenceRows& rows, bool causal = false, const AttentionMask& mask = {});

  /// One query a sentence, without dropout; the weights are the mean over the heads.   x: (N, H) -> (N, H), (N, S)
  Attended step(Tensor x, const KeysValues& memory);
  /// One step of causal self-attention: the next position attends to itself and to `cache`, which it becomes part of.
  Tensor step(Tensor x, KeyValueCache& cache);

  int heads;                 ///< K, of H / K columns each
  Real dropout;              ///< of the weights, in training mode
  Parameter in_proj_weight;  ///< (3H, H): W_Q, W_K and W_V below each other
  Parameter in_proj_bias;    ///< (3H)
  Linear out_proj;           ///< (H, H), (H)

 private:
  enum Projection { Query, Key, Value };
  Tensor project(Projection projection, Tensor x);
  Tensor attend(Tensor x, const SequenceRows& rows, const KeysValues& memory, bool causal, const AttentionMask& mask);
};

}
