#pragma once

#include "nn/layers.h"
#include "ops/attention.h"

/// Attention: a decoder's query looks at all states of an encoder and takes their weighted mean.
///
///     scores e_j = score(query, key_j)   weights α = softmax(e)   context c = Σ_j α_j value_j
///
/// The values are the encoder's states (its hidden states of every position; not the embedded input, a slip of many
/// tutorials). Keys are what the score needs of them, computed once a sentence. Padding is never attended: it is left
/// out of the softmax by the sentences' lengths, not by a large negative score.
///
///     AdditiveAttention attention{this, "attention", query_size, state_size, attention_size};
///     Memory memory = attention.prepare(states, lengths);
///     auto [context, weights] = attention(query, memory);

namespace gradus::inline GRADUS_PRECISION {

/// What attention looks at: the encoder's states of a batch, as far as they do not depend on the query.
struct Memory {
  Tensor keys, values;  ///< padded (B, S, ·) or packed (rows, ·)
  Sentences sentences;  ///< which of their rows are whose; positions beyond a sentence's length are never attended
  Tensor mask;          ///< (B, S) or an empty handle: 0 where a position is never attended, padding included

  /// For queries of which query i is about sentence chosen[i].
  Memory select(std::span<const int> chosen) const;
};

struct Attended {
  Tensor context;  ///< (N, H)
  Tensor weights;  ///< (N, S): each row sums to 1
};

/// The part that all kinds of attention have in common; a kind is its score.
class Attention : public Module {
 public:
  /// Factor of a score that is a sum of Q products: 1, or 1/√Q, with which the scores stay small at any size.
  enum Scale { Plain, InverseSqrt };

  using Module::Module;

  /// values: (B, S, H), lengths: (B), mask: (B, S), 0 = never attended, or an empty handle
  Memory prepare(Tensor values, std::span<const int> lengths, Tensor mask = {});
  /// The same for packed states, with no work or memory for padding. Sentence i of the batch is sentence order[i] of
  /// the packing (the same one, if `order` is empty).   packed: (rows, H)
  Memory prepare(Tensor packed, const Packing& packing, std::span<const int> order = {}, Tensor mask = {});

  /// query: (N, Q) for the first N <= B sentences
  Attended operator()(Tensor query, const Memory& memory);

  /// query: (N, Q) -> (N, S); whatever stands beyond a length is not used
  virtual Tensor scores(Tensor query, const Memory& memory) = 0;

 protected:
  /// (…, H) -> (…, A); the values themselves, unless a kind says otherwise.
  virtual Tensor keys(Tensor values) { return values; }
};

/// e_j = vᵀ tanh(W q + b + U h_j) (Bahdanau et al. 2014, section A.1.2). There the query is the decoder's *previous*
/// state s_{i-1}: the context is an input of the step that computes s_i. Luong et al. 2015 (eq. 8, concat) use the same
/// score with the current state.
class AdditiveAttention : public Attention {
 public:
  /// `query_size`: Q, `key_size`: H, `size`: A.
  AdditiveAttention(Module* parent, std::string name, int query_size, int key_size, int size);
  Tensor scores(Tensor query, const Memory& memory) override;

  Linear query;  ///< W and b: (A, Q), (A)
  Linear key;    ///< U: (A, H)
  Linear score;  ///< vᵀ: (1, A)

 protected:
  Tensor keys(Tensor values) override;
};

/// e_j = scale · qᵀ h_j, for Q = H: with scale 1 Luong et al. 2015, eq. 8, dot; with scale 1/√H Vaswani et al. 2017,
/// eq. 1.
class DotAttention : public Attention {
 public:
  DotAttention(Module* parent, std::string name, Scale scale = Plain);
  Tensor scores(Tensor query, const Memory& memory) override;

 private:
  Scale scale_;
};

/// e_j = scale · qᵀ W h_j; with scale 1 Luong et al. 2015, eq. 8, general. There the query is the decoder's *current*
/// state h_t: the context is used after the step that computed it, in the attentional vector tanh(W_c [c; h_t])
/// (eq. 5), tanh included.
class GeneralAttention : public Attention {
 public:
  GeneralAttention(Module* parent, std::string name, int query_size, int key_size, Scale scale = Plain);
  Tensor scores(Tensor query, const Memory& memory) override;

  Linear key;  ///< W: (Q, H)

 protected:
  Tensor keys(Tensor values) override;

 private:
  Scale scale_;
};

}
