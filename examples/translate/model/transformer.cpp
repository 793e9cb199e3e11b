#include "examples/translate/model/transformer.h"

#include <cmath>

#include "examples/translate/model/parts.h"
#include "ops/elementwise.h"
#include "ops/layout.h"

namespace gradus::translate {

namespace {

/// What TransformerDecoder goes on from: the keys and values of the words so far.
struct TransformerState {
  std::span<const KeyValueCache> caches;  // of each layer

  friend void for_each_tensor(TransformerState& state, TensorAction action) {
    auto& [caches] = state;
    for_each_tensor(caches, action);
  }
};

TransformerOptions transformer_options(const ModelConfig& config) {
  return {.size = config.hidden,
          .heads = config.heads,
          .feed_forward = config.feed_forward,
          .dropout = static_cast<Real>(config.layer_dropout),
          .norm_first = config.pre_norm};
}

Tensor scaled(Tensor words) { return std::sqrt(static_cast<Real>(words.dim(1))) * words; }

/// √H y + p_t of the words y at their positions t (Vaswani et al. 2017, sections 3.4 and 3.5).   (rows, H), packed
Tensor with_positions(Tensor words, const Packing& packing) {
  const Tensor table = sinusoidal_positions(0, packing.steps(), words.dim(1));
  return scaled(words) + gather_rows(table, positions_of(packing));
}

/// Word vectors with the position added, for words that are all at one position.   (N, H)
Tensor with_position(Tensor words, int position) {
  return scaled(words) + sinusoidal_positions(position, 1, words.dim(1));
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
  return {transformer_(dropout_(words), packed_rows(packing)), {}};
}

TransformerDecoder::TransformerDecoder(Module* parent, std::string name, const ModelConfig& config)
    : Decoder(parent, std::move(name)),
      config_(without_embedding_dropout(config)),
      embedding_(own_target_embedding(this, config)),
      dropout_(this, "dropout", config.embedding_dropout),
      transformer_(this, "transformer", config.decoder_layers, transformer_options(config)),
      output_(this, "output", config.hidden, config.target_words) {}

DecoderState TransformerDecoder::begin(std::span<const LstmState>, std::span<const int>) {
  const auto empty = [](std::size_t) { return KeyValueCache(); };
  return {TransformerState{Tape::active().arena().make_array(transformer_.layers.size(), empty)}, 0};
}

EncodedSource TransformerDecoder::prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) {
  const ModulePath here(path());
  return transformer_.prepare(encoder_states, packed_rows(packing, order));
}

Tensor TransformerDecoder::embed(std::span<const int> ids) {
  const ModulePath here(path());
  return word_vectors(embedding_weight(), ids, config_, training());
}

Decoder::Step TransformerDecoder::step(Tensor embedded, const DecoderState& previous, EncodedSource source) {
  const ModulePath here(path());
  const std::span next = Tape::active().arena().copy(previous.as<TransformerState>().caches);
  const Tensor words = dropout_(with_position(embedded, previous.position));
  const Attended attended = transformer_.step(words, next, source);
  return {{TransformerState{next}, previous.position + 1}, {.hidden = attended.context, .weights = attended.weights}};
}

Tensor TransformerDecoder::readout(std::span<const StepOutput> outputs, Tensor) {
  return all_steps(outputs, &StepOutput::hidden);
}

Tensor TransformerDecoder::all_at_once(Tensor embedded, const Packing& packing, EncodedSource source) {
  const ModulePath here(path());
  return transformer_(dropout_(with_positions(embedded, packing)), packed_rows(packing), source);
}

}
