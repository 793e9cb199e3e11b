#include "examples/translate/decoder.h"

#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/matmul.h"

namespace gradus::translate {

namespace {

Tensor first_rows(Tensor x, int n) { return !x || x.dim(0) == n ? x : slice(x, 0, 0, n); }

}

DecoderState DecoderState::first(int n) const {
  return {{first_rows(lstm.hidden, n), first_rows(lstm.cell, n)}, first_rows(context, n), first_rows(weights, n)};
}

Decoder::Decoder(Module* parent, std::string name, const ModelConfig& config, int context_size, int readout_size)
    : Module(parent, std::move(name)),
      embedding_size_(config.embedding),
      hidden_size_(config.hidden),
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
  const Tensor hidden = tanh(bridge_hidden_(gather_rows(encoder_final.hidden, order)));
  const Tensor cell = tanh(bridge_cell_(gather_rows(encoder_final.cell, order)));
  return {{hidden, cell}, full(hidden.shape(), 0), {}};
}

Memory Decoder::prepare(Tensor, const Packing&, std::span<const int>) { return {}; }

Tensor Decoder::embed(std::span<const int> ids) { return dropout_(embedding_(ids)); }

Tensor Decoder::project(Tensor embedded) {
  const Scope scope(path());
  return linear_sum(cell_.bias(), {{embedded, cell_.weights.weight_ih}});
}

Tensor Decoder::pre_output(Tensor hidden, Tensor context, Tensor embedded) {
  return dropout_(tanh(readout(hidden, context, embedded)));
}

PlainDecoder::PlainDecoder(Module* parent, std::string name, const ModelConfig& config)
    : Decoder(parent, std::move(name), config, 0, config.hidden) {}

DecoderState PlainDecoder::step(Tensor projected, const DecoderState& previous, const Memory&) {
  const Scope scope(path());
  return {lstm_cell(projected, {{previous.lstm.hidden, cell_.weights.weight_hh}}, previous.lstm.cell), {}, {}};
}

Tensor PlainDecoder::readout(Tensor hidden, Tensor, Tensor) { return pre_output_(hidden); }

BahdanauDecoder::BahdanauDecoder(Module* parent, std::string name, const ModelConfig& config)
    : Decoder(parent, std::move(name), config, config.hidden, 2 * config.hidden + config.embedding),
      attention_(this, "attention", config.hidden, config.hidden, config.attention_size) {}

Memory BahdanauDecoder::prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) {
  return attention_.prepare(encoder_states, packing, order);
}

DecoderState BahdanauDecoder::step(Tensor projected, const DecoderState& previous, const Memory& memory) {
  const Scope scope(path());
  const auto [context, weights] = attention_(previous.lstm.hidden, memory);
  const LstmState state = lstm_cell(
      projected, {{context, cell_.weights.weight_ih, embedding_size_}, {previous.lstm.hidden, cell_.weights.weight_hh}},
      previous.lstm.cell);
  return {state, context, weights};
}

Tensor BahdanauDecoder::readout(Tensor hidden, Tensor context, Tensor embedded) {
  const Scope scope(path());
  Parameter& weight = pre_output_.weight;
  return linear_sum(*pre_output_.bias,
                    {{hidden, weight}, {context, weight, hidden_size_}, {embedded, weight, 2 * hidden_size_}});
}

LuongDecoder::LuongDecoder(Module* parent, std::string name, const ModelConfig& config)
    : Decoder(parent, std::move(name), config, config.hidden, config.hidden),
      attention_(this, "attention", config.hidden, config.hidden, Attention::InverseSqrt),
      attentional_(this, "attentional", 2 * config.hidden, config.hidden, false) {}

Memory LuongDecoder::prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) {
  return attention_.prepare(encoder_states, packing, order);
}

DecoderState LuongDecoder::step(Tensor projected, const DecoderState& previous, const Memory& memory) {
  const Scope scope(path());
  const LstmState state = lstm_cell(
      projected,
      {{previous.context, cell_.weights.weight_ih, embedding_size_}, {previous.lstm.hidden, cell_.weights.weight_hh}},
      previous.lstm.cell);
  const auto [context, weights] = attention_(state.hidden, memory);
  const Tensor attentional = dropout_(tanh(attentional_(concat({context, state.hidden}, -1))));
  return {state, attentional, weights};
}

Tensor LuongDecoder::readout(Tensor, Tensor attentional, Tensor) { return pre_output_(attentional); }

}
