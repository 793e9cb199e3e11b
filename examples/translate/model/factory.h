#pragma once

#include <memory>

#include "examples/translate/model/decoder.h"
#include "examples/translate/model/encoder.h"

/// Which encoders and decoders there are: the only file that knows all of them.

namespace gradus::translate {

/// The encoder that the configuration names, as the child "encoder" of `parent`.
std::unique_ptr<Encoder> make_encoder(Module* parent, const ModelConfig& config);

/// The decoder that the configuration names, as the child "decoder" of `parent`.
std::unique_ptr<Decoder> make_decoder(Module* parent, const ModelConfig& config);

}
