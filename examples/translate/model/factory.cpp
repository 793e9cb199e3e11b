#include "examples/translate/model/factory.h"

#include "examples/translate/model/attentive_decoder.h"
#include "examples/translate/model/convolutional.h"
#include "examples/translate/model/transformer.h"

namespace gradus::translate {

std::unique_ptr<Encoder> make_encoder(Module* parent, const ModelConfig& config) {
  if (config.architecture == Architecture::Transformer)
    return std::make_unique<TransformerEncoder>(parent, "encoder", config);
  if (config.architecture == Architecture::Convolution)
    return std::make_unique<ConvolutionalEncoder>(parent, "encoder", config);
  return std::make_unique<RecurrentEncoder>(parent, "encoder", config);
}

std::unique_ptr<Decoder> make_decoder(Module* parent, const ModelConfig& config) {
  if (config.architecture == Architecture::Transformer)
    return std::make_unique<TransformerDecoder>(parent, "decoder", config);
  if (config.architecture == Architecture::Convolution)
    return std::make_unique<ConvolutionalDecoder>(parent, "decoder", config);
  if (!config.attention.present) return std::make_unique<PlainDecoder>(parent, "decoder", config);
  if (config.attention.attend == AttendWhen::Before)
    return std::make_unique<BahdanauDecoder>(parent, "decoder", config);
  return std::make_unique<LuongDecoder>(parent, "decoder", config);
}

}
