#include "examples/translate/decoder.h"

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

Tensor hidden_of(const DecoderState& state) { return state.lstm.hidden; }
Tensor context_of(const DecoderState& state) { return state.context; }

Tensor first_rows(Tensor x, int n) { return !x || x.dim(0) == n ? x : slice(x, 0, 0, n); }

}

DecoderState DecoderState::first(int n) const {
  return {{first_rows(lstm.hidden, n), first_rows(lstm.cell, n)}, first_rows(context, n), first_rows(weights, n)};
}

Decoder::Decoder(Module* parent, std::string name, const ModelConfig& config, int context_size, int readout_size)
    : Module(parent, std::move(name)),
      dropout_(this, "dropout", config.dropout),
      embedding_(this, "embedding", config.target_words, config.embedding),
      bridge_hidden_(this, "bridge_hidden", config.hidden, config.hidden),
      bridge_cell_(this, "bridge_cell", config.hidden, config.hidden),
      cell_(this, "cell", config.embedding + context_size, config.hidden),
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

DecoderState Decoder::begin(const LstmState& encoder_final, std::span<const int> order) {
  const Tensor hidden = bridge_hidden_.tanh({gather_rows(encoder_final.hidden, order)});
  const Tensor cell = bridge_cell_.tanh({gather_rows(encoder_final.cell, order)});
  return {{hidden, cell}, full(hidden.shape(), 0), {}};
}

Memory Decoder::prepare(Tensor, const Packing&, std::span<const int>) { return {}; }

Tensor Decoder::embed(std::span<const int> ids) { return dropout_(embedding_(ids)); }

Tensor Decoder::pre_output(std::span<const DecoderState> states, Tensor embedded) {
  return dropout_(readout(states, embedded));
}

PlainDecoder::PlainDecoder(Module* parent, std::string name, const ModelConfig& config)
    : Decoder(parent, std::move(name), config, 0, config.hidden) {}

DecoderState PlainDecoder::step(Tensor embedded, const DecoderState& previous, const Memory&) {
  const Scope scope(path());
  return {cell_(embedded, previous.lstm), {}, {}};
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
  const auto [context, weights] = attention_(previous.lstm.hidden, memory);
  return {cell_({embedded, context}, previous.lstm), context, weights};
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
  const LstmState state = cell_({embedded, previous.context}, previous.lstm);
  const auto [context, weights] = attention_(state.hidden, memory);
  const Tensor attentional = dropout_(attentional_.tanh({context, state.hidden}));
  return {state, attentional, weights};
}

Tensor LuongDecoder::readout(std::span<const DecoderState> states, Tensor) {
  return pre_output_.tanh({all_steps(states, context_of)});
}

}
