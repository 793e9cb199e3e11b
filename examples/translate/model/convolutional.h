#pragma once

#include <deque>
#include <optional>
#include <string>

#include "examples/translate/model/decoder.h"
#include "examples/translate/model/encoder.h"
#include "nn/convolution/gated_convolution.h"

/// Convolutional sequence to sequence learning (Gehring et al. 2017): layers x ← (v + x) √½, v = GLU(W ⋆ x + b), of
/// size H between words of size E. Departures: weights are not normalised (Salimans, Kingma 2016) and gradients of the
/// encoder not divided by the number of attentions, which the paper's plain gradient descent needs: Adam's steps do not
/// depend on the scale of a gradient. √m of an attention is that of the sentence itself, as in the equations, not of
/// the longest one of the batch, as in the authors' code.

namespace gradus::translate {

/// Words with learned positions, of which the last one stands for all after it (`ModelConfig::positions`), then
/// dropout.
class PositionedWords {
 public:
  PositionedWords(Module* owner, const ModelConfig& config);
  /// words: (rows, E) at these positions, or all at one position -> (rows, E)
  Tensor operator()(Tensor words, std::span<const int> positions);

 private:
  Embedding table_;
  Dropout dropout_;
};

/// The encoder of section 3.2. It has no summary, and its states, (rows, 2E), are two: z, by which attention finds
/// them, and (z + e) √½ with the word vectors e, which it reads.
class ConvolutionalEncoder : public Encoder {
 public:
  ConvolutionalEncoder(Module* parent, std::string name, const ModelConfig& config);
  Output operator()(std::span<const int> ids, const Packing& packing, Parameter* shared) override;

 private:
  ModelConfig config_;
  PositionedWords positioned_;
  Linear input_;
  std::deque<GatedConvolution> layers_;
  Dropout dropout_;  // of what a convolution reads
  Linear readout_;
};

/// The decoder of sections 3.2 and 3.3, with attention in every layer. All words of a target go through it at once; a
/// search goes word by word and keeps the last K - 1 inputs of each layer. `StepOutput::weights` are the mean over the
/// layers.
class ConvolutionalDecoder : public Decoder {
 public:
  ConvolutionalDecoder(Module* parent, std::string name, const ModelConfig& config);
  DecoderState begin(std::span<const LstmState> summary, std::span<const int> order) override;
  EncodedSource prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) override;
  Tensor embed(std::span<const int> ids) override;
  Step step(Tensor embedded, const DecoderState& previous, EncodedSource source) override;
  Tensor readout(std::span<const StepOutput> outputs, Tensor embedded) override;
  Tensor all_at_once(Tensor embedded, const Packing& packing, EncodedSource source) override;
  Linear& output() override { return output_; }
  Parameter& embedding_weight() override { return embedding_ ? embedding_->weight : output_.weight; }

 private:
  ModelConfig config_;
  std::optional<Embedding> embedding_;  // unless the output layer has the table
  PositionedWords positioned_;
  Linear input_;
  std::deque<GatedConvolution> layers_;
  std::deque<MultiStepAttention> attentions_;  // of each layer
  Dropout dropout_;                            // of what a convolution or the output layer reads
  Linear readout_;
  Linear output_;
};

}
