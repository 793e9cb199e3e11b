#include "examples/translate/model/transformer_encoder.h"

#include "examples/translate/model/transformer_parts.h"
#include "examples/translate/model/word_vectors.h"

namespace gradus::translate {

TransformerEncoder::TransformerEncoder(Module* parent, std::string name, const ModelConfig& config)
    : Encoder(parent, std::move(name), config),
      config_(without_embedding_dropout(config)),
      dropout_(this, "dropout", config.embedding_dropout),
      transformer_(this, "transformer", config.encoder_layers, transformer_options(config)) {}

Encoder::Output TransformerEncoder::operator()(std::span<const int> ids, const Packing& packing, Parameter* shared) {
  const ModulePath here(path());
  const Tensor table = embedding ? embedding->weight : *shared;
  const Tensor words = with_positions(word_vectors(table, ids, config_, training()), packing);
  return {transformer_(dropout_(words), packed_sentences(packing)), {}};
}

}
