#include "examples/translate/model/convolutional.h"

#include <algorithm>
#include <vector>

#include "examples/translate/model/parts.h"
#include "ops/elementwise.h"
#include "ops/layout.h"

namespace gradus::translate {

namespace {

/// What ConvolutionalDecoder goes on from: the inputs that each layer still sees of the words so far.
struct ConvolutionalState {
  std::span<const Tensor> before;  // (N, (K - 1) H) of each layer

  friend void for_each_tensor(ConvolutionalState& state, TensorAction action) {
    auto& [before] = state;
    for_each_tensor(before, action);
  }
};

std::deque<GatedConvolution> convolutions(Module* parent, const ModelConfig& config, int count, bool causal) {
  std::deque<GatedConvolution> layers;
  for (int l = 0; l < count; ++l)
    layers.emplace_back(parent, fmt::format("convolutions.{}", l), config.hidden, config.kernel_width, causal);
  return layers;
}

std::deque<MultiStepAttention> attentions(Module* parent, const ModelConfig& config) {
  std::deque<MultiStepAttention> layers;
  for (int l = 0; l < config.decoder_layers; ++l)
    layers.emplace_back(parent, fmt::format("attentions.{}", l), config.hidden, config.embedding);
  return layers;
}

}

PositionedWords::PositionedWords(Module* owner, const ModelConfig& config)
    : table_(owner, "position_embedding", config.positions, config.embedding),
      dropout_(owner, "embedding_dropout", config.embedding_dropout) {}

Tensor PositionedWords::operator()(Tensor words, std::span<const int> positions) {
  std::vector<int> known(positions.begin(), positions.end());
  for (int& position : known) position = std::min(position, table_.weight.shape()[0] - 1);
  return dropout_(words + table_(known));
}

ConvolutionalEncoder::ConvolutionalEncoder(Module* parent, std::string name, const ModelConfig& config)
    : Encoder(parent, std::move(name), config),
      config_(without_embedding_dropout(config)),
      positioned_(this, config),
      input_(this, "input", config.embedding, config.hidden),
      layers_(convolutions(this, config, config.encoder_layers, false)),
      dropout_(this, "dropout", config.layer_dropout),
      readout_(this, "readout", config.hidden, config.embedding) {}

Encoder::Output ConvolutionalEncoder::operator()(std::span<const int> ids, const Packing& packing, Parameter* shared) {
  const ModulePath here(path());
  const Tensor table = embedding ? embedding->weight : *shared;
  const Tensor words = positioned_(word_vectors(table, ids, config_, training()), positions_of(packing));
  Tensor x = input_(words);
  for (GatedConvolution& layer : layers_) x = half_sum(layer(dropout_(x), packing), x);
  const Tensor z = readout_(x);
  return {concat({z, half_sum(z, words)}, 1), {}};
}

ConvolutionalDecoder::ConvolutionalDecoder(Module* parent, std::string name, const ModelConfig& config)
    : Decoder(parent, std::move(name)),
      config_(without_embedding_dropout(config)),
      embedding_(own_target_embedding(this, config)),
      positioned_(this, config),
      input_(this, "input", config.embedding, config.hidden),
      layers_(convolutions(this, config, config.decoder_layers, true)),
      attentions_(attentions(this, config)),
      dropout_(this, "dropout", config.layer_dropout),
      readout_(this, "readout", config.hidden, config.embedding),
      output_(this, "output", config.embedding, config.target_words) {}

DecoderState ConvolutionalDecoder::begin(std::span<const LstmState>, std::span<const int> order) {
  const int sentences = static_cast<int>(order.size());
  const auto nothing = [&](std::size_t l) { return layers_[l].nothing_before(sentences); };
  return {ConvolutionalState{Tape::active().arena().make_array(layers_.size(), nothing)}, 0};
}

EncodedSource ConvolutionalDecoder::prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) {
  const int E = config_.embedding;
  const KeysValues all{slice(encoder_states, 1, 0, E), slice(encoder_states, 1, E), packed_rows(packing, order), {}, 1};
  return Tape::active().arena().copy(std::span(&all, 1));  // every layer reads the same
}

Tensor ConvolutionalDecoder::embed(std::span<const int> ids) {
  const ModulePath here(path());
  return word_vectors(embedding_weight(), ids, config_, training());
}

Decoder::Step ConvolutionalDecoder::step(Tensor embedded, const DecoderState& previous, EncodedSource source) {
  const ModulePath here(path());
  const std::span before = Tape::active().arena().copy(previous.as<ConvolutionalState>().before);
  const Tensor words = positioned_(embedded, {&previous.position, 1});
  Tensor x = input_(words), weights;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Attended attended = attentions_[l].step(layers_[l].step(dropout_(x), before[l]), words, source[0]);
    x = half_sum(attended.context, x);
    weights = weights ? weights + attended.weights : attended.weights;
  }
  return {{ConvolutionalState{before}, previous.position + 1},
          {.hidden = dropout_(readout_(x)), .weights = weights / static_cast<Real>(layers_.size())}};
}

Tensor ConvolutionalDecoder::readout(std::span<const StepOutput> outputs, Tensor) {
  return all_steps(outputs, &StepOutput::hidden);
}

Tensor ConvolutionalDecoder::all_at_once(Tensor embedded, const Packing& packing, EncodedSource source) {
  const ModulePath here(path());
  const Tensor words = positioned_(embedded, positions_of(packing));
  Tensor x = input_(words);
  for (std::size_t l = 0; l < layers_.size(); ++l)
    x = half_sum(attentions_[l](layers_[l](dropout_(x), packing), words, packing, source[0]), x);
  return dropout_(readout_(x));
}

}
