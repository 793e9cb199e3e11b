#pragma once

#include "examples/translate/model/decoder_state.h"
#include "nn/attention.h"
#include "nn/layers.h"

namespace gradus::translate {

/// What a decoder's step computed, for those who read it afterwards: the output layer, the loss, a picture. A kind of
/// decoder leaves empty what it does not have.
struct StepOutput {
  Tensor hidden = {};                         ///< (N, H): the hidden state that the readout reads
  Tensor context = {};                        ///< (N, H): c_t
  Tensor fed = {};                            ///< (N, ·): what input feeding hands on: the readout, or h̃_t of Luong
  Tensor weights = {};                        ///< (N, S): of attention
  Tensor log_probability = {}, entropy = {};  ///< (N): of the position that hard attention drew
  Tensor query = {};                          ///< (N, H): what attention was asked with
  Tensor scores = {};                         ///< (N · heads, S): what attention made its weights of
  Tensor delay = {};                          ///< (N): of simultaneous attention, as `Attended::delay`

  /// What the output layer reads, of the first n rows.
  StepOutput first(int n) const;
};

/// One part of the output of each step, below each other, as packed.   (N_t, …) -> (Σ N_t, …)
Tensor all_steps(std::span<const StepOutput> outputs, Tensor StepOutput::*part);

/// What each attention of a decoder reads of the sources, in the decoder's order; none without attention.
using EncodedSource = std::span<const KeysValues>;

/// What writes the target, word by word: a recurrent net (recurrent_decoder.h, attentive_decoder.h), a Transformer
/// (transformer.h) or convolutions (convolutional.h).
///
/// Rows are sentences, sorted longest target first, so that those still alive are the first N.
class Decoder : public Module {
 public:
  struct Step {
    DecoderState state;
    StepOutput output;
  };

  /// The state before the first step. `order[i]` is the encoder's row for the decoder's sentence i.
  virtual DecoderState begin(std::span<const LstmState> summary, std::span<const int> order) = 0;
  /// What the steps read of the sources.   (rows, H)
  virtual EncodedSource prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) = 0;

  /// The embedded words y_{t-1}, in training of all steps at once.   (rows) -> (rows, E)
  virtual Tensor embed(std::span<const int> ids) = 0;
  /// One step.   embedded: (N, E), a state of N rows -> N rows
  virtual Step step(Tensor embedded, const DecoderState& previous, EncodedSource source) = 0;
  /// What the output layer reads, R numbers, for one step or all of them.
  /// outputs: of each step, N_t rows; embedded: (Σ N_t, E) -> (Σ N_t, R)
  virtual Tensor readout(std::span<const StepOutput> outputs, Tensor embedded) = 0;
  /// What the output layer reads, for all steps at once, if no step needs the one before it; else an empty handle.
  /// embedded: (rows, E), packed -> (rows, R)
  virtual Tensor all_at_once(Tensor embedded, const Packing& packing, EncodedSource source);

  /// The scores of the words are output(readout(…)).   (rows, R) -> (rows, Vt)
  virtual Linear& output() = 0;
  /// The table of word vectors, (Vt, E).
  virtual Parameter& embedding_weight() = 0;

 protected:
  using Module::Module;
};

}
