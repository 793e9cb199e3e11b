#pragma once

#include "nn/attention.h"

/// To which positions the weights of attention go, if not to all of them (GlobalScope). Any scope goes with any score.
/// A new scope is a class and a line in the table of attention_scopes.cpp.

namespace gradus::inline GRADUS_PRECISION {

/// Positions p - D to p + D around p = t, the number of the target word (Luong et al. 2015, section 3.2, local-m), as
/// if both languages had the same order of words. For target words beyond the end of the source p is its last position,
/// as in the authors' program; by the paper's formula the window would shrink and soon be empty. Departure: their
/// positions are those of words alone, here the end of sentence is one too, and the last.
struct LocalMonotonic : AttentionScope {
  /// `window`: D
  explicit LocalMonotonic(int positions) : window(positions) {}
  Weights operator()(Tensor scores, Tensor query, const KeysValues& source, const AttentionStep& step,
                     bool training) override;

  int window;  ///< D
};

/// Positions p - D to p + D around a position that the query predicts (Luong et al. 2015, section 3.2, local-p, eq. 9
/// and 10), for a source of S words, the end of sentence included (which theirs leave out):
///     p = S · sigmoid(v_pᵀ tanh(W_p q))        α_s = softmax(e)_s · exp(-(s - p)² / (2σ²))        σ = D/2
/// As in the paper the weights are not normalised again after the Gaussian. Several heads have a position each.
struct LocalPredictive : AttentionScope {
  /// The layers become children of `attention`. `window`: D, at least 1.
  LocalPredictive(Attention* attention, int query_size, int window);
  Weights operator()(Tensor scores, Tensor query, const KeysValues& source, const AttentionStep& step,
                     bool training) override;
  /// p.   query: (N, Q) -> (N · heads, 1)
  Tensor positions(Tensor query, const KeysValues& source);

  int window;     ///< D
  Linear inner;   ///< W_p: (Q, Q)
  Linear centre;  ///< v_pᵀ: (heads, Q)
};

/// The first t + k - 1 positions, t the number of the target word from 1: the translation begins when k words are read,
/// and goes on with a word for each further one (Ma et al. 2019, wait-k). No weight depends on what stands
/// behind them, so a model whose encoder reads forward only can write while the source still comes. A position is a
/// word of the model, which may be a subword, and the end of sentence is one too.
struct WaitK : AttentionScope {
  /// `wait`: k, at least 1.
  explicit WaitK(int wait);
  Weights operator()(Tensor scores, Tensor query, const KeysValues& source, const AttentionStep& step,
                     bool training) override;

  int wait;  ///< k
};

/// The position at which the query stops, the first one from where the query before stopped (Raffel et al. 2017,
/// section 2.2): in training the probability of stopping at each is expected over all ways (`monotonic_alignment`),
/// else it is the first one whose probability is above a half. A query that stops nowhere attends to nothing, and so do
/// all after it. The weights do not depend on what stands behind the position, so a model whose encoder reads forward
/// only can write while the source still comes.
///     p_ij = σ(e_ij + r + ε)       ε ~ N(0, noise²) in training, which drives p to 0 and 1
/// The offset r is learned, and negative at first: p has to be small, or all mass stops in the beginning. A normaliser
/// has no part in it: weights sum to 1, or to 0, or in training to less than 1. Departure: their energies are additive
/// scores whose vᵀ has a length of its own, a learned g; here any score will do, as it is.
struct MonotonicScope : AttentionScope {
  /// The offset becomes a child of `attention`. `noise`: at least 0.
  MonotonicScope(Attention* attention, double noise);
  Weights operator()(Tensor scores, Tensor query, const KeysValues& source, const AttentionStep& step,
                     bool training) override;

  double noise;      ///< the standard deviation of ε
  Parameter offset;  ///< r: (1)
};

/// A chunk of w positions that ends where a monotonic query stops (MoChA, Chiu and Raffel 2018), softly
/// attended to: `chunkwise_weights`. Departure: their energies of chunks are an additive score of its own; here they
/// are u_ij = qᵀ W h_j / √H, whatever the score is.
struct ChunkwiseScope : MonotonicScope {
  /// `chunk`: w, at least 1; `value_size`: H, of all heads together.
  ChunkwiseScope(Attention* attention, double noise, int query_size, int value_size, int chunk);
  Weights operator()(Tensor scores, Tensor query, const KeysValues& source, const AttentionStep& step,
                     bool training) override;

  int chunk;      ///< w
  Linear energy;  ///< W: (H, Q)
};

/// One position only: in training drawn from the normalised scores (Xu et al. 2015, section 4.1), else the likeliest.
/// So the perplexity of a text is that along the likeliest positions, neither summed over all of them nor a bound, and
/// does not compare with that of soft attention. The drawing has no gradient, so `Attended` has what REINFORCE needs:
/// log p of the drawn position, and the entropy.
struct HardScope : AttentionScope {
  /// A share of the queries, in training, goes the way of soft attention, with log p = 0: "with probability 0.5 we set
  /// the sampled attention location to its expected value", which makes the estimate of the gradient less noisy.
  /// Departure: they decide it for a whole sentence, here it is for a word, with all of its heads.
  explicit HardScope(Real expected = 0) : expected_share(expected) {}
  Weights operator()(Tensor scores, Tensor query, const KeysValues& source, const AttentionStep& step,
                     bool training) override;

  Real expected_share;  ///< in [0, 1]
};

}
