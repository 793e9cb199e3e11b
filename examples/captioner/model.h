#pragma once

#include <span>
#include <vector>

#include "examples/captioner/caption.h"
#include "nn/attention_scores.h"
#include "nn/recurrent_cells.h"

namespace gradus::captioner {

/// A picture with its caption.
struct Example {
  Picture picture;
  Caption caption;
};

/// What a step computes on: captions longest first and packed as `Packing` describes, so that those that have ended
/// drop out, and their pictures in the same order. It refers to the examples.
struct Batch {
  explicit Batch(std::vector<const Example*> chosen);

  std::vector<const Picture*> pictures;  ///< (B)
  std::vector<int> inputs;               ///< (sum of lengths): <s> and the words
  std::vector<int> outputs;              ///< the same, one step later: the words and </s>
  std::vector<int> lengths;              ///< (B), not increasing
};

/// What the model says of a picture, and where it looked.
struct Description {
  std::vector<int> words;                  ///< ends with kEnd, unless it became too long
  std::vector<std::vector<Real>> weights;  ///< (kPatches) of each word, sum 1
};

struct CaptionerSizes {
  int window_units = 128;  ///< of the layer between pixels and annotations
  int annotation = 64;     ///< D, and the size of the attention's layer
  int word = 32;           ///< m
  int hidden = 128;        ///< n
};

/// All patches alike: what is left without attention is the mean of the annotations.
struct UniformScope : AttentionScope {
  Weights operator()(Tensor scores, Tensor query, const KeysValues& source, const AttentionStep& step,
                     bool training) override;
};

/// Show, Attend and Tell (Xu et al. 2015), soft attention. B pictures, L = kPatches annotations of size D each, words
/// of size m, a state of size n.
///
/// Departures: the annotations a_i come from a small network that is trained with the rest, instead of a large one
/// trained on photographs; f_init are single layers with tanh.
class Captioner : public Module {
 public:
  explicit Captioner(std::uint64_t seed, const CaptionerSizes& sizes = {});

  /// The mean over the pictures of the batch of -log p(y | x) + λ Σ_i (1 - Σ_t α_ti)² (eq. 14), or this shard's part
  /// of it, if the divisor is the number of pictures of the whole batch.   -> ()
  Tensor loss(const Batch& batch, Real divisor);

  /// The most probable word at each step.
  std::vector<Description> describe(std::span<const Picture* const> pictures);

  AdditiveAttention attention;  ///< f_att

 private:
  struct Step {
    LstmState state;          ///< (N, n)
    Tensor context, weights;  ///< (N, D), (N, L)
  };

  /// a_i, each of a window of pixels with its patch in the middle. A linear layer on windows is a convolution whose
  /// stride is the side of a patch.   -> (B, L, D)
  Tensor annotations(std::span<const Picture* const> pictures);
  /// The state before the first word, from the mean of the annotations.   (B, L, D) -> (B, n) each
  LstmState begin(Tensor annotations);
  /// One step of the recurrence.   embedded: (N, m), previous: (N, n) -> N rows
  Step step(Tensor embedded, LstmState previous, const KeysValues& source);
  /// The scores of the next word, for one step or all.   embedded: (rows, m), hidden: (rows, n), context: (rows, D)
  Tensor logits(Tensor embedded, Tensor hidden, Tensor context);

  Linear window_, annotation_;
  Parameter position_;
  Linear begin_hidden_, begin_cell_;
  Embedding embedding_;
  Linear gate_;
  LSTMCell cell_;
  Linear hidden_to_word_, context_to_word_, output_;
};

}
