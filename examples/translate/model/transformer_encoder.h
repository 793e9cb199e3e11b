#pragma once

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

}
