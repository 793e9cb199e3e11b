#pragma once

#include <optional>
#include <string>

#include "examples/translate/model/decoder.h"
#include "examples/translate/model/encoder.h"
#include "nn/transformer.h"

namespace gradus::translate {

/// The encoder of Vaswani et al. 2017, section 3.1. It has no summary: its decoder begins with nothing.
class TransformerEncoder : public Encoder {
 public:
  TransformerEncoder(Module* parent, std::string name, const ModelConfig& config);
  Output operator()(std::span<const int> ids, const Packing& packing, Parameter* shared) override;

 private:
  ModelConfig config_;
  Dropout dropout_;  // on words with their positions
  TransformerEncoderStack transformer_;
};

/// The decoder of Vaswani et al. 2017, section 3.1. All words of a target go through it at once; a search goes word by
/// word and keeps the keys and values of those before. `StepOutput::weights` are those of the last layer on the source,
/// the mean over its heads.
class TransformerDecoder : public Decoder {
 public:
  TransformerDecoder(Module* parent, std::string name, const ModelConfig& config);
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
  Dropout dropout_;                     // on words with their positions
  TransformerDecoderStack transformer_;
  Linear output_;
};

}
