#pragma once

#include "nn/attention.h"

/// The scores of attention, each with its paper. Sizes: query (N, Q), states (…, H). Luong et al. 2015 write h_t for
/// the query and h̄_s for a state. A new score is a class and a line in the table of attention_scores.cpp.

namespace gradus::inline GRADUS_PRECISION {

/// e_j = vᵀ tanh(W q + b + U h_j) (Bahdanau et al. 2014, section A.1.2). There the query is the decoder's *previous*
/// state s_{i-1}: the context is an input of the step that computes s_i.
class AdditiveAttention : public Attention {
 public:
  /// `query_size`: Q, `key_size`: H, `size`: A.
  AdditiveAttention(Module* parent, std::string name, int query_size, int key_size, int size);
  Tensor scores(Tensor query, const KeysValues& source) override;

  Linear query;  ///< W and b: (A, Q), (A)
  Linear key;    ///< U: (A, H)
  Linear score;  ///< vᵀ: (1, A)

 protected:
  AdditiveAttention(Module* parent, std::string name, int query_size, int key_size, int size, bool with_bias);
  Tensor keys(Tensor states) override;
};

/// e_j = vᵀ tanh(W [q; h_j]) (Luong et al. 2015, section 3.1, concat). The product with the two parts of W is the sum
/// of two products, so it is the additive score without its bias. (In their experiments, says their footnote 15, the
/// part for h_j was the identity; here it is learned, as the formula has it.)
class ConcatAttention : public AdditiveAttention {
 public:
  ConcatAttention(Module* parent, std::string name, int query_size, int key_size, int size);
};

/// e_j = scale · qᵀ h_j, for Q = H: with scale 1 Luong et al. 2015, section 3.1, dot; with scale 1/√H Vaswani et al.
/// 2017, eq. 1.
class DotAttention : public Attention {
 public:
  DotAttention(Module* parent, std::string name, Scale scale = Plain);
  Tensor scores(Tensor query, const KeysValues& source) override;

 private:
  Scale scale_;
};

/// e_j = scale · qᵀ W h_j; with scale 1 Luong et al. 2015, section 3.1, general. There the query is the decoder's
/// *current* state h_t: the context is used after the step that computed it, in the attentional vector tanh(W_c [c;
/// h_t]) (eq. 5), tanh included.
class GeneralAttention : public Attention {
 public:
  GeneralAttention(Module* parent, std::string name, int query_size, int key_size, Scale scale = Plain);
  Tensor scores(Tensor query, const KeysValues& source) override;

  Linear key;  ///< W: (Q, H)

 protected:
  Tensor keys(Tensor states) override;

 private:
  Scale scale_;
};

/// e = W q (Luong et al. 2015, eq. 8, location): from the query alone, a score for each of the first L positions. Those
/// beyond L have the score -inf; a local window with none of the L gives no context. Departure: "for short sentences,
/// we only use the top part of a_t", which is a softmax over all L and sums to less than 1; here the weights are those
/// of the sentence's own positions, and sum to 1.
class LocationAttention : public Attention {
 public:
  /// `positions`: L
  LocationAttention(Module* parent, std::string name, int query_size, int positions);
  Tensor scores(Tensor query, const KeysValues& source) override;

  Linear position;  ///< W: (L, Q)
};

/// e_j = β cos(W q, h_j), the addressing by content of Graves et al. 2014, eq. 5 and 6. Their controller emits the key
/// W q and its strength β > 0, the paper leaves open how; here β = exp(wᵀ q + b).
class CosineAttention : public Attention {
 public:
  CosineAttention(Module* parent, std::string name, int query_size, int key_size);
  Tensor scores(Tensor query, const KeysValues& source) override;

  Linear query;     ///< W: (H, Q)
  Linear strength;  ///< w and b: (1, Q), (1)

 protected:
  /// The states, at length 1.
  Tensor keys(Tensor states) override;
};

/// Scaled dot products of K heads, each of size H/K, side by side (Vaswani et al. 2017, section 3.2.2):
///     e_j = (W_Q q)ᵀ (W_K h_j) / √(H/K)     c = W_O [c_1; …; c_K]     c_k = Σ_j α_kj W_V h_j, the k-th part
/// All four have a bias, as PyTorch's MultiheadAttention has.
class MultiHeadAttention : public Attention {
 public:
  /// `key_size`: H, a multiple of `heads`.
  MultiHeadAttention(Module* parent, std::string name, int query_size, int key_size, int heads);
  Tensor scores(Tensor query, const KeysValues& source) override;

  Linear query;  ///< W_Q: (H, Q)
  Linear key;    ///< W_K: (H, H)
  Linear value;  ///< W_V: (H, H)
  Linear out;    ///< W_O: (H, H)

 protected:
  Tensor keys(Tensor states) override;
  Tensor values(Tensor states) override;
  Tensor output(Tensor context) override;
};

}
