#pragma once

#include <memory>
#include <span>
#include <vector>

#include "examples/captioner/config.h"
#include "examples/captioner/encoder.h"
#include "examples/translate/base/word_ids.h"
#include "nn/attention_scores.h"
#include "nn/recurrent_cells.h"

namespace gradus::captioner {

using translate::kBegin;
using translate::kEnd;

/// A picture with a caption of it.
struct Example {
  const Image* picture;    ///< `CaptionerConfig::side` pixels on each side
  std::vector<int> words;  ///< ends with kEnd
};

/// What a step computes on: captions longest first and packed as `Packing` describes, so that those that have ended
/// drop out, and their pictures in the same order. It refers to the examples.
struct Batch {
  explicit Batch(std::vector<const Example*> chosen);

  std::vector<const Image*> pictures;  ///< (B)
  std::vector<int> inputs;             ///< (sum of lengths): <s> and the words
  std::vector<int> outputs;            ///< the same, one step later: the words and </s>
  std::vector<int> lengths;            ///< (B), not increasing
};

/// What the model says of a picture, and where it looked.
struct Description {
  bool has_ended() const { return !words.empty() && words.back() == kEnd; }

  std::vector<int> words;                  ///< ends with kEnd, unless it became too long
  std::vector<std::vector<Real>> weights;  ///< (kPatches) of each word, sum 1
};

/// All patches alike: what is left without attention is the mean of the annotations.
struct UniformScope : AttentionScope {
  Weights operator()(Tensor scores, Tensor query, const KeysValues& source, const AttentionStep& step,
                     bool training) override;
};

/// Show, Attend and Tell (Xu et al. 2015), soft attention. B pictures, L = kPatches annotations of size D each
/// (encoder.h), words of size m, a state of size n.
///
/// A departure: f_init are single layers with tanh.
class Captioner : public Module {
 public:
  /// A model that knows so many words, the special ones of base/word_ids.h first.
  Captioner(const CaptionerConfig& config, int words);

  /// The mean over the pictures of the batch of -log p(y | x) + λ Σ_i (1 - Σ_t α_ti)² (eq. 14), or this shard's part
  /// of it, if the divisor is the number of pictures of the whole batch.   -> ()
  Tensor loss(const Batch& batch, Real divisor);

  /// The most probable word at each step, as long as a caption has not ended, but no more than `most_words`.
  std::vector<Description> describe(std::span<const Image* const> pictures, int most_words);

  AdditiveAttention attention;  ///< f_att

 private:
  struct Step {
    LstmState state;          ///< (N, n)
    Tensor context, weights;  ///< (N, D), (N, L)
  };

  std::vector<Description> describe_batch(std::span<const Image* const> pictures, int most_words);
  /// The state before the first word, from the mean of the annotations.   (B, L, D) -> (B, n) each
  LstmState begin(Tensor annotations);
  /// One step of the recurrence.   embedded: (N, m), previous: (N, n) -> N rows
  Step step(Tensor embedded, LstmState previous, const KeysValues& source);
  /// The scores of the next word, for one step or all.   embedded: (rows, m), hidden: (rows, n), context: (rows, D)
  Tensor logits(Tensor embedded, Tensor hidden, Tensor context);

  std::unique_ptr<Encoder> encoder_;
  Linear begin_hidden_, begin_cell_;
  Embedding embedding_;
  Linear gate_;
  LSTMCell cell_;
  Linear hidden_to_word_, context_to_word_, output_;
};

}
