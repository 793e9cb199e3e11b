#pragma once

#include <memory>

#include "nn/attention_names.h"
#include "nn/layers.h"
#include "ops/fused/attention.h"

/// Attention: a decoder's query looks at all states of an encoder and takes their weighted mean.
///
///     scores e_j = score(query, key_j)   weights α = softmax(e)   context c = Σ_j α_j value_j
///
/// It is put together from two parts that know nothing of each other. The *score* is a subclass of Attention
/// (nn/attention_scores.h); the *scope* says to which positions the weights go (nn/attention_scopes.h): to all, to a
/// window, or to a single one.
///
/// The values are the encoder's states (its hidden states of every position; not the embedded input, a slip of many
/// tutorials). Keys are what the score needs of them, computed once a sentence. Padding is never attended: it is left
/// out by the sentences' lengths, not by a large negative score.
///
///     AdditiveAttention attention{this, "attention", query_size, state_size, attention_size};
///     attention.scope = std::make_unique<LocalPredictive>(&attention, query_size, window);  // or all, if left out
///     KeysValues source = attention.prepare(states, lengths);
///     Tensor context = attention(query, source).context;

namespace gradus::inline GRADUS_PRECISION {

/// What attention looks at: the encoder's states of a batch, as far as they do not depend on the query.
///
/// Several heads are as many sentences: head k of sentence b is row b · heads + k of `rows` and `mask`, and reads
/// the k-th part of each key and value.
struct KeysValues {
  Tensor keys, values;  ///< padded (B, S, ·) or packed (rows, ·); with several heads (rows · heads, ·)
  SequenceRows rows;    ///< which of their rows are whose; positions beyond a sentence's length are never attended
  Tensor mask;          ///< (B · heads, S) or an empty handle: 0 where a position is never attended, padding included
  int heads = 1;        ///< how many rows a sentence has

  /// For queries of which query i is about sentence chosen[i].
  KeysValues select(std::span<const int> chosen) const;
  /// Of row i only the first lengths[i] positions, for as many rows.
  KeysValues first(std::span<const int> lengths) const;
  /// Keys and values cut into heads.
  KeysValues split(int heads) const;
};

namespace detail {
/// Throws, naming the module at `path`, unless states of this size can be cut into the heads.
void require_heads(int size, int heads, const char* path);
}

/// What a step of attention may want to know besides its query.
struct AttentionStep {
  int position = 0;  ///< the number of the target word, from 0
  Tensor coverage;   ///< (N, S): the sum of the weights of the steps before, or an empty handle
  /// (N, heads · S): `Attended::alignment` of the step before; an empty handle at the first one
  Tensor alignment = {};
};

/// What one step of attention comes to, for N queries.
struct Attended {
  Tensor context;  ///< (N, H)
  Tensor weights;  ///< (N, S): of each row, not negative, with the sum 1, or less of local-p; of several heads the mean
  Tensor log_probability;  ///< (N): of what hard attention drew; else an empty handle
  Tensor entropy;          ///< (N): of the distribution that it drew from; else an empty handle
  Tensor scores = {};      ///< (N · heads, S): what the scope made weights of; beyond a length anything
  /// (N): of a simultaneous scope, how many positions are read before a query is answered (g of Ma et al. 2019), more
  /// than there are if it would go on reading; else an empty handle.
  Tensor delay = {};
  Tensor alignment = {};  ///< (N, heads · S): where a monotonic scope stopped; else an empty handle
};

/// Weights from scores.
struct AttentionScope {
  virtual ~AttentionScope() = default;

  /// What a scope makes of scores.
  struct Weights {
    Tensor weights;                   ///< (N · heads, S)
    Tensor log_probability, entropy;  ///< (N · heads), of a random choice; else empty handles
    Tensor delay = {};                ///< (N · heads), as `Attended::delay`
    Tensor alignment = {};            ///< (N · heads, S), as `Attended::alignment`
  };
  /// scores: (N · heads, S), query: (N, Q); `training`: whether the module is
  virtual Weights operator()(Tensor scores, Tensor query, const KeysValues& source, const AttentionStep& step,
                             bool training) = 0;

  Normalizer normalizer = Normalizer::Softmax;  ///< of the scores that the scope leaves

 protected:
  /// The normalised scores of all positions, or of those whose `window`, (N · heads, S), is not 0.
  Tensor normalize(Tensor scores, const KeysValues& source, Tensor window = {}) const;
};

/// All positions (soft attention: Bahdanau et al. 2014, eq. 6; global attention: Luong et al. 2015, section 3.1).
struct GlobalScope : AttentionScope {
  Weights operator()(Tensor scores, Tensor query, const KeysValues& source, const AttentionStep& step,
                     bool training) override;
};

/// The part that all kinds of attention have in common; a kind is its score.
class Attention : public Module {
 public:
  /// Factor of a score that is a sum of Q products: 1, or 1/√Q, with which the scores stay small at any size.
  enum Scale { Plain, InverseSqrt };

  /// `heads` as in KeysValues: the kind says so, if it has several.
  Attention(Module* parent, std::string name, int heads = 1);

  /// values: (B, S, H), lengths: (B), mask: (B, S), 0 = never attended, or an empty handle
  KeysValues prepare(Tensor values, std::span<const int> lengths, Tensor mask = {});
  /// What attention needs of packed states, with no work or memory for padding. Sentence i of the batch is sentence
  /// order[i] of the packing (the same one, if `order` is empty).   packed: (rows, H)
  KeysValues prepare(Tensor packed, const Packing& packing, std::span<const int> order = {}, Tensor mask = {});

  /// query: (N, Q) for the first N <= B sentences
  Attended operator()(Tensor query, const KeysValues& source, const AttentionStep& step = {});

  /// query: (N, Q) -> (N · heads, S); whatever stands beyond a length is not used
  virtual Tensor scores(Tensor query, const KeysValues& source) = 0;

  int heads() const { return heads_; }  ///< that of the constructor

  std::unique_ptr<AttentionScope> scope;  ///< all positions, at first
  /// If it is there, (1, Q), it adds (w q + b) · coverage_j to each score: where the decoder has looked already
  /// (the idea of Tu et al. 2016 and See et al. 2017; they put it inside the tanh of additive scores, which other
  /// scores do not have).
  std::optional<Linear> coverage;

 protected:
  /// (…, H) -> (…, A); the states themselves, unless a kind says otherwise.
  virtual Tensor keys(Tensor states) { return states; }
  /// What is summed: (…, H) -> (…, H); the states themselves, unless a kind says otherwise.
  virtual Tensor values(Tensor states) { return states; }
  /// What the weighted sum of all heads side by side becomes.   (N, H) -> (N, H)
  virtual Tensor output(Tensor context) { return context; }

 private:
  KeysValues remember(Tensor states, const SequenceRows& rows, Tensor mask);

  int heads_;
};

}
