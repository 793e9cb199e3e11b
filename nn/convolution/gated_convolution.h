#pragma once

#include "nn/attention.h"
#include "nn/module.h"
#include "ops/fused/scaled_dot_attention.h"

/// The layers of convolutional sequence to sequence learning (Gehring et al. 2017), on packed sentences.

namespace gradus::inline GRADUS_PRECISION {

/// y_i = a_i ∘ σ(g_i), [a; g] = W ⋆ x + b: a convolution along each sentence, and gated linear units (Dauphin et al.
/// 2017; Gehring et al. 2017, section 3.2). Position i sees `width` inputs, those around it, or if `causal` itself and
/// those before it; outside of a sentence are zeros.
///
/// It is `conv1d` and a gate, as one product for the positions of all sentences: no padding is computed, and the
/// weight's gradient is one product, too, where that of `conv1d` has one for each sentence. The weight is that of
/// Conv1d, (2H, H, K), with its last axes the other way round.
struct GatedConvolution : Module {
  /// H = `size`, K = `width`, which must be odd unless `causal`.
  GatedConvolution(Module* parent, std::string name, int size, int width, bool causal);
  /// x: (rows, H) -> (rows, H)
  Tensor operator()(Tensor x, const Packing& packing);
  /// The next position of each sentence, if `causal`. `before`: the K - 1 inputs before it, (N, (K - 1) H), of which it
  /// becomes one.   x: (N, H) -> (N, H)
  Tensor step(Tensor x, Tensor& before);
  /// What stands before the first position.   -> (N, (K - 1) H)
  Tensor nothing_before(int sentences) const;

  int width;         ///< K
  bool causal;       ///< as in the constructor
  Parameter weight;  ///< (2H, K H): of the first input that a position sees, the second, …
  Parameter bias;    ///< (2H)
};

/// The attention of a decoder's layer with state h and the embedding g of the word that was read (Gehring et al. 2017,
/// section 3.3, eq. 1 and 2; √m of section 3.4, for m words of the source):
///     d = (W_d h + b_d + g) √½     α = softmax_j(dᵀ z_j)     c = √m Σ_j α_j (z_j + e_j) √½
///     y = (W_c c + b_c + h) √½
struct MultiStepAttention : Module {
  /// H = `size`, E = `embedding`.
  MultiStepAttention(Module* parent, std::string name, int size, int embedding);
  /// All positions. `source` has the keys z and the values (z + e) √½, (rows, E).   h: (rows, H), g: (rows, E)
  Tensor operator()(Tensor h, Tensor g, const Packing& packing, const KeysValues& source);
  /// One position of each sentence, and its weights.   h: (N, H), g: (N, E) -> (N, H), (N, S)
  Attended step(Tensor h, Tensor g, const KeysValues& source);

  Linear query;    ///< W_d, (E, H), and b_d
  Linear context;  ///< W_c, (H, E), and b_c
};

/// (a + b) √½, whose variance is that of a and b (Gehring et al. 2017, section 3.4).
Tensor half_sum(Tensor a, Tensor b);

}
