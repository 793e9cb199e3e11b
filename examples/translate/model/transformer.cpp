#include "examples/translate/model/transformer.h"

#include <algorithm>
#include <memory>

#include "examples/translate/model/transformer_parts.h"
#include "examples/translate/model/word_vectors.h"

namespace gradus::translate {

namespace {

std::optional<Embedding> own_embedding(Module* parent, const ModelConfig& config) {
  if (config.tied_embeddings != TiedEmbeddings::None) return std::nullopt;
  return std::optional<Embedding>(std::in_place, parent, "embedding", config.target_words, config.embedding);
}

}

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

TransformerDecoder::TransformerDecoder(Module* parent, std::string name, const ModelConfig& config)
    : Decoder(parent, std::move(name)),
      config_(without_embedding_dropout(config)),
      embedding_(own_embedding(this, config)),
      dropout_(this, "dropout", config.embedding_dropout),
      transformer_(this, "transformer", config.decoder_layers, transformer_options(config)),
      output_(this, "output", config.hidden, config.target_words) {}

DecoderState TransformerDecoder::begin(std::span<const LstmState>, std::span<const int>) {
  const std::size_t count = transformer_.layers.size();
  auto* const pasts = Tape::active().arena().allocate<Past>(count);
  std::uninitialized_value_construct_n(pasts, count);
  DecoderState state;
  state.pasts = {pasts, count};
  return state;
}

Memories TransformerDecoder::prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) {
  const ModulePath here(path());
  return transformer_.prepare(encoder_states, packed_sentences(packing, order));
}

Tensor TransformerDecoder::embed(std::span<const int> ids) {
  const ModulePath here(path());
  return word_vectors(words(), ids, config_, training());
}

DecoderState TransformerDecoder::step(Tensor embedded, const DecoderState& previous, Memories memories) {
  const ModulePath here(path());
  const std::size_t count = previous.pasts.size();
  auto* const pasts = Tape::active().arena().allocate<Past>(count);
  std::uninitialized_copy_n(previous.pasts.begin(), count, pasts);
  const Tensor words = dropout_(with_position(embedded, previous.position));
  const Attended attended = transformer_.step(words, {pasts, count}, memories);
  DecoderState next;
  next.pasts = {pasts, count};
  next.output = attended.context;
  next.position = previous.position + 1;
  next.weights = attended.weights;
  return next;
}

Tensor TransformerDecoder::pre_output(std::span<const DecoderState> states, Tensor) {
  return all_steps(states, [](const DecoderState& state) { return state.output; });
}

Tensor TransformerDecoder::all_at_once(Tensor embedded, const Packing& packing, Memories memories) {
  const ModulePath here(path());
  return transformer_(dropout_(with_positions(embedded, packing)), packed_sentences(packing), memories);
}

}
