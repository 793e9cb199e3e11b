#include "examples/translate/decoder.h"

#include "examples/translate/cells.h"
#include "examples/translate/word_vectors.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/matmul.h"

namespace gradus::translate {

namespace {

/// What `part` takes from the state of each step, below each other.
template <class Part>
Tensor all_steps(std::span<const DecoderState> states, Part part) {
  if (states.size() == 1) return part(states[0]);
  Scratch scratch;
  Tensor* const parts = scratch.allocate<Tensor>(states.size());
  for (std::size_t t = 0; t < states.size(); ++t) new (&parts[t]) Tensor(part(states[t]));
  return concat({parts, states.size()}, 0);
}

Tensor hidden_of(const DecoderState& state) { return state.hidden(); }
Tensor context_of(const DecoderState& state) { return state.context; }

Tensor first_rows(Tensor x, int n) { return !x || x.dim(0) == n ? x : slice(x, 0, 0, n); }

/// The names of the first layer's members have no number, so that a model of one layer has those of its PyTorch twin.
std::string suffix(int layer) { return layer == 0 ? "" : fmt::format("_l{}", layer); }

}

DecoderState DecoderState::first(int n) const {
  if (layers[0].hidden.dim(0) == n) return *this;
  Tape& tape = Tape::active();
  auto* const first_layers = tape.allocate<LstmState>(layers.size());
  auto* const first_masks = tape.allocate<Tensor>(masks.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    new (&first_layers[l]) LstmState{first_rows(layers[l].hidden, n), first_rows(layers[l].cell, n)};
  }
  for (std::size_t l = 0; l < masks.size(); ++l) new (&first_masks[l]) Tensor(first_rows(masks[l], n));
  return {{first_layers, layers.size()},
          {first_masks, masks.size()},
          first_rows(output, n),
          first_rows(context, n),
          first_rows(weights, n)};
}

Decoder::Start::Start(Module* owner, const std::string& suffix, const ModelConfig& config)
    : shape({config.hidden}), has_cell(config.cell == CellKind::Lstm) {
  if (config.bridge == Bridge::Last || config.bridge == Bridge::Mean) {
    hidden_map.emplace(owner, "bridge_hidden" + suffix, config.hidden, config.hidden);
    if (has_cell) cell_map.emplace(owner, "bridge_cell" + suffix, config.hidden, config.hidden);
  } else if (config.bridge == Bridge::Learned) {
    hidden_value.emplace(owner, "initial_hidden" + suffix, shape);
    if (has_cell) cell_value.emplace(owner, "initial_cell" + suffix, shape);
  }
}

LstmState Decoder::Start::operator()(const LstmState& summary, std::span<const int> order) {
  const auto begin = [&](Tensor encoded, std::optional<Linear>& map, std::optional<Parameter>& value) {
    if (map) return map->tanh({gather_rows(encoded, order)});
    const Tensor zeros = full({static_cast<int>(order.size()), shape[0]}, 0);
    return value ? zeros + *value : zeros;
  };
  return {begin(summary.hidden, hidden_map, hidden_value),
          has_cell ? begin(summary.cell, cell_map, cell_value) : Tensor()};
}

Decoder::Recurrence::Recurrence(Module* owner, const ModelConfig& config, int context_size) {
  if (config.tied_embeddings == TiedEmbeddings::None) {
    embedding.emplace(owner, "embedding", config.target_words, config.embedding);
  }
  for (int l = 0; l < config.decoder_layers; ++l) {
    starts.emplace_back(owner, suffix(l), config);
    const int in = l == 0 ? config.embedding + context_size : config.hidden;
    cells.push_back(cell_maker(config)(owner, "cell" + suffix(l), in, config.hidden));
  }
}

Decoder::Decoder(Module* parent, std::string name, const ModelConfig& config, int context_size, int readout_size)
    : Module(parent, std::move(name)),
      dropout_(this, "dropout", config.output_dropout),
      config_(config),
      recurrence_(this, config, context_size),
      layer_dropout_(this, "layer_dropout", config.layer_dropout),
      pre_output_(this, "pre_output", readout_size, config.embedding),
      output_(this, "output", config.embedding, config.target_words) {}

std::unique_ptr<Decoder> Decoder::make(Module* parent, const ModelConfig& config) {
  switch (config.attention) {
    case AttentionKind::Bahdanau:
      return std::make_unique<BahdanauDecoder>(parent, "decoder", config);
    case AttentionKind::Luong:
      return std::make_unique<LuongDecoder>(parent, "decoder", config);
    case AttentionKind::None:
      break;
  }
  return std::make_unique<PlainDecoder>(parent, "decoder", config);
}

DecoderState Decoder::begin(const LstmState& summary, std::span<const int> order) {
  const Scope scope(path());
  Tape& tape = Tape::active();
  const std::size_t count = recurrence_.cells.size();
  auto* const layers = tape.allocate<LstmState>(count);
  auto* const masks = tape.allocate<Tensor>(count);
  const bool masked = training() && config_.recurrent_dropout != 0;
  const int batch = static_cast<int>(order.size());
  for (std::size_t l = 0; l < count; ++l) {
    new (&layers[l]) LstmState(recurrence_.starts[l](summary, order));
    if (masked) new (&masks[l]) Tensor(recurrent_mask(batch, config_.hidden, config_.recurrent_dropout));
  }
  return {{layers, count}, {masks, masked ? count : 0}, {}, full({batch, config_.hidden}, 0), {}};
}

DecoderState Decoder::recur(std::initializer_list<Tensor> parts, const DecoderState& previous) {
  const std::size_t count = recurrence_.cells.size();
  auto* const layers = Tape::active().allocate<LstmState>(count);
  Tensor x;  // the output of the layer so far
  for (std::size_t l = 0; l < count; ++l) {
    const Tensor input = l == 0 ? Tensor() : layer_dropout_(x);
    const std::span<const Tensor> inputs = l == 0 ? std::span(parts.begin(), parts.size()) : std::span(&input, 1);
    const Tensor mask = previous.masks.empty() ? Tensor() : previous.masks[l];
    new (&layers[l]) LstmState(recurrence_.cells[l]->step(inputs, previous.layers[l], mask));
    x = config_.residual && l > 0 ? layers[l].hidden + input : layers[l].hidden;
  }
  const bool is_hidden = !config_.residual || count == 1;
  return {{layers, count}, previous.masks, is_hidden ? Tensor() : x, {}, {}};
}

Memory Decoder::prepare(Tensor, const Packing&, std::span<const int>) { return {}; }

Tensor Decoder::embed(std::span<const int> ids) {
  const Scope scope(path());
  return word_vectors(words(), ids, config_, training());
}

Tensor Decoder::pre_output(std::span<const DecoderState> states, Tensor embedded) {
  return dropout_(readout(states, embedded));
}

PlainDecoder::PlainDecoder(Module* parent, std::string name, const ModelConfig& config)
    : Decoder(parent, std::move(name), config, 0, config.hidden) {}

DecoderState PlainDecoder::step(Tensor embedded, const DecoderState& previous, const Memory&) {
  const Scope scope(path());
  return recur({embedded}, previous);
}

Tensor PlainDecoder::readout(std::span<const DecoderState> states, Tensor) {
  return pre_output_.tanh({all_steps(states, hidden_of)});
}

BahdanauDecoder::BahdanauDecoder(Module* parent, std::string name, const ModelConfig& config)
    : Decoder(parent, std::move(name), config, config.hidden, 2 * config.hidden + config.embedding),
      attention_(this, "attention", config.hidden, config.hidden, config.attention_size) {}

Memory BahdanauDecoder::prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) {
  return attention_.prepare(encoder_states, packing, order);
}

DecoderState BahdanauDecoder::step(Tensor embedded, const DecoderState& previous, const Memory& memory) {
  const Scope scope(path());
  const auto [context, weights] = attention_(previous.hidden(), memory);
  DecoderState next = recur({embedded, context}, previous);
  next.context = context;
  next.weights = weights;
  return next;
}

Tensor BahdanauDecoder::readout(std::span<const DecoderState> states, Tensor embedded) {
  return pre_output_.tanh({all_steps(states, hidden_of), all_steps(states, context_of), embedded});
}

LuongDecoder::LuongDecoder(Module* parent, std::string name, const ModelConfig& config)
    : Decoder(parent, std::move(name), config, config.hidden, config.hidden),
      attention_(this, "attention", config.hidden, config.hidden, Attention::InverseSqrt),
      attentional_(this, "attentional", 2 * config.hidden, config.hidden, false) {}

Memory LuongDecoder::prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) {
  return attention_.prepare(encoder_states, packing, order);
}

DecoderState LuongDecoder::step(Tensor embedded, const DecoderState& previous, const Memory& memory) {
  const Scope scope(path());
  DecoderState next = recur({embedded, previous.context}, previous);
  const auto [context, weights] = attention_(next.hidden(), memory);
  next.context = dropout_(attentional_.tanh({context, next.hidden()}));
  next.weights = weights;
  return next;
}

Tensor LuongDecoder::readout(std::span<const DecoderState> states, Tensor) {
  return pre_output_.tanh({all_steps(states, context_of)});
}

}
