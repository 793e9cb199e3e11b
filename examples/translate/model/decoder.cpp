#include "examples/translate/model/decoder.h"

#include <algorithm>

#include "autograd/scratch.h"
#include "examples/translate/model/attention_parts.h"
#include "examples/translate/model/cells.h"
#include "examples/translate/model/word_vectors.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/reduce.h"

namespace gradus::translate {

namespace {

Tensor hidden_of(const DecoderState& state) { return state.hidden(); }
Tensor context_of(const DecoderState& state) { return state.context; }
Tensor fixed_context_of(const DecoderState& state) { return state.fixed_context; }
Tensor fed_of(const DecoderState& state) { return state.fed; }
Tensor read_of(const DecoderState& state) { return state.read; }

/// How long the summary of the source is.
int summary_size(const ModelConfig& config) {
  return config.bridge == Bridge::Backward ? config.hidden / 2 : config.hidden;
}

/// How long the vector is that the output layer reads, given what the readout reads.
int output_size(const ModelConfig& config, int readout_size) {
  if (config.readout != Readout::Direct) return config.embedding;
  if (config.tied_embeddings != TiedEmbeddings::None && readout_size != config.embedding) {
    fail(
        "model: tied_embeddings needs an output layer that reads as many numbers as a word vector has, {}; readout "
        "direct reads {}",
        config.embedding, readout_size);
  }
  return readout_size;
}

std::optional<Linear> linear_if(bool present, Module* parent, const char* name, int in, int out) {
  if (!present) return std::nullopt;
  return std::optional<Linear>(std::in_place, parent, name, in, out);
}

/// The names of the first layer's members have no number, so that a model of one layer has those of its PyTorch twin.
std::string suffix(int layer) { return layer == 0 ? "" : fmt::format("_l{}", layer); }

}

Tensor all_steps(std::span<const DecoderState> states, Tensor (*part)(const DecoderState&)) {
  if (states.size() == 1) return part(states[0]);
  Scratch scratch;
  Tensor* const parts = scratch.allocate<Tensor>(states.size());
  for (std::size_t t = 0; t < states.size(); ++t) new (&parts[t]) Tensor(part(states[t]));
  return concat({parts, states.size()}, 0);
}

DecoderState DecoderState::first(int n) const {
  if (layers[0].hidden.dim(0) == n) return *this;
  Tape& tape = Tape::active();
  auto* const first_layers = tape.arena().allocate<LstmState>(layers.size());
  auto* const first_masks = tape.arena().allocate<Tensor>(masks.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    new (&first_layers[l]) LstmState{first_rows(layers[l].hidden, n), first_rows(layers[l].cell, n)};
  }
  for (std::size_t l = 0; l < masks.size(); ++l) new (&first_masks[l]) Tensor(first_rows(masks[l], n));
  DecoderState result;
  result.layers = {first_layers, layers.size()};
  result.masks = {first_masks, masks.size()};
  result.output = first_rows(output, n);
  result.fed = first_rows(fed, n);
  result.fixed_context = first_rows(fixed_context, n);
  result.coverage = first_rows(coverage, n);
  result.position = position;
  result.context = first_rows(context, n);
  result.read = first_rows(read, n);
  return result;
}

RecurrentDecoder::Start::Start(Module* owner, const std::string& suffix, const ModelConfig& config)
    : shape({config.hidden}), has_cell(config.cell == CellKind::Lstm), copies(config.bridge == Bridge::Copy) {
  if (config.bridge == Bridge::Learned) {
    hidden_value.emplace(owner, "initial_hidden" + suffix, shape);
    if (has_cell) cell_value.emplace(owner, "initial_cell" + suffix, shape);
  } else if (config.bridge != Bridge::Zero && config.bridge != Bridge::Copy) {
    const int in = config.fixed_context ? config.hidden : summary_size(config);
    hidden_map.emplace(owner, "bridge_hidden" + suffix, in, config.hidden);
    if (has_cell) cell_map.emplace(owner, "bridge_cell" + suffix, in, config.hidden);
  }
}

LstmState RecurrentDecoder::Start::operator()(const LstmState& summary, int batch) {
  if (copies) return summary;
  const auto begin = [&](Tensor encoded, std::optional<Linear>& map, std::optional<Parameter>& value) {
    if (map) return map->tanh({encoded});
    const Tensor zeros = full({batch, shape[0]}, 0);
    return value ? zeros + *value : zeros;
  };
  return {begin(summary.hidden, hidden_map, hidden_value),
          has_cell ? begin(summary.cell, cell_map, cell_value) : Tensor()};
}

RecurrentDecoder::Recurrence::Recurrence(Module* owner, const ModelConfig& config, int input_size) {
  if (config.tied_embeddings == TiedEmbeddings::None) {
    embedding.emplace(owner, "embedding", config.target_words, config.embedding);
  }
  for (int l = 0; l < config.decoder_layers; ++l) {
    starts.emplace_back(owner, suffix(l), config);
    const int in = l == 0 ? config.embedding + input_size : config.hidden;
    cells.push_back(cell_maker(config)(owner, "cell" + suffix(l), in, config.hidden));
  }
}

RecurrentDecoder::RecurrentDecoder(Module* parent, std::string name, const ModelConfig& config, int input_size,
                                   int readout_size, int fed_size)
    : Decoder(parent, std::move(name)),
      dropout_(this, "dropout", config.output_dropout),
      config_(config),
      fed_size_(fed_size),
      recurrence_(this, config, input_size),
      layer_dropout_(this, "layer_dropout", config.layer_dropout),
      fixed_context_(linear_if(config.fixed_context, this, "fixed_context", summary_size(config), config.hidden)),
      pre_output_(linear_if(config.readout != Readout::Direct, this, "pre_output", readout_size,
                            (config.readout == Readout::Maxout ? 2 : 1) * config.embedding)),
      output_(this, "output", output_size(config, readout_size), config.target_words) {}

Tensor Decoder::all_at_once(Tensor, const Packing&, Memories) { return {}; }

DecoderState RecurrentDecoder::begin(std::span<const LstmState> summary, std::span<const int> order) {
  const ModulePath here(path());
  Tape& tape = Tape::active();
  const std::size_t count = recurrence_.cells.size();
  auto* const layers = tape.arena().allocate<LstmState>(count);
  auto* const masks = tape.arena().allocate<Tensor>(count);
  const bool masked = training() && config_.recurrent_dropout != 0;
  const int batch = static_cast<int>(order.size());
  const auto in_order = [&](Tensor encoded) { return encoded ? gather_rows(encoded, order) : encoded; };
  DecoderState state;
  if (fixed_context_) state.fixed_context = fixed_context_->tanh({in_order(summary.back().hidden)});
  for (std::size_t l = 0; l < count; ++l) {
    LstmState encoded;
    if (fixed_context_ && config_.bridge != Bridge::Copy) {
      encoded = {state.fixed_context, state.fixed_context};
    } else if (!summary.empty()) {
      const LstmState& own = summary[std::min(l, summary.size() - 1)];
      encoded = {in_order(own.hidden), in_order(own.cell)};
    }
    new (&layers[l]) LstmState(recurrence_.starts[l](encoded, batch));
    if (masked) new (&masks[l]) Tensor(recurrent_mask(batch, config_.hidden, config_.recurrent_dropout));
  }
  state.layers = {layers, count};
  state.masks = {masks, masked ? count : 0};
  if (fed_size_ > 0) state.fed = full({batch, fed_size_}, 0);
  return state;
}

DecoderState RecurrentDecoder::recur(std::initializer_list<Tensor> parts, const DecoderState& previous) {
  Tape& tape = Tape::active();
  auto* const first_inputs = tape.arena().allocate<Tensor>(parts.size());
  std::size_t given_count = 0;
  for (const Tensor part : parts) {
    if (part) new (&first_inputs[given_count++]) Tensor(part);
  }
  const std::span<const Tensor> given(first_inputs, given_count);
  const std::size_t count = recurrence_.cells.size();
  auto* const layers = tape.arena().allocate<LstmState>(count);
  Tensor x;  // the output of the layer so far
  for (std::size_t l = 0; l < count; ++l) {
    const Tensor input = l == 0 ? Tensor() : layer_dropout_(x);
    const std::span<const Tensor> inputs = l == 0 ? given : std::span(&input, 1);
    const Tensor mask = previous.masks.empty() ? Tensor() : previous.masks[l];
    new (&layers[l]) LstmState(recurrence_.cells[l]->step(inputs, previous.layers[l], mask));
    x = config_.residual && l > 0 ? layers[l].hidden + input : layers[l].hidden;
  }
  const bool is_hidden = !config_.residual || count == 1;
  DecoderState next;
  next.layers = {layers, count};
  next.masks = previous.masks;
  next.fixed_context = previous.fixed_context;
  if (!is_hidden) next.output = x;
  next.position = previous.position + 1;
  return next;
}

Tensor RecurrentDecoder::embed(std::span<const int> ids) {
  const ModulePath here(path());
  return word_vectors(words(), ids, config_, training());
}

Tensor RecurrentDecoder::pre_output(std::span<const DecoderState> states, Tensor embedded) {
  return dropout_(readout(states, embedded));
}

Tensor RecurrentDecoder::deep_output(std::initializer_list<Tensor> parts) {
  switch (config_.readout) {
    case Readout::Tanh:
      return pre_output_->tanh(parts);
    case Readout::Maxout: {
      const Tensor pairs = (*pre_output_)(parts);
      return max(reshape(pairs, {pairs.dim(0), -1, 2}), 2);
    }
    case Readout::Direct:
      break;
  }
  return parts.size() == 1 ? *parts.begin() : concat(parts, -1);
}

PlainDecoder::PlainDecoder(Module* parent, std::string name, const ModelConfig& config)
    : RecurrentDecoder(parent, std::move(name), config, config.fixed_context ? config.hidden : 0,
                       config.fixed_context ? 2 * config.hidden + config.embedding : config.hidden) {}

Memories PlainDecoder::prepare(Tensor, const Packing&, std::span<const int>) { return {}; }

DecoderState PlainDecoder::step(Tensor embedded, const DecoderState& previous, Memories) {
  const ModulePath here(path());
  return recur({embedded, previous.fixed_context}, previous);
}

Tensor PlainDecoder::readout(std::span<const DecoderState> states, Tensor embedded) {
  const Tensor hidden = all_steps(states, hidden_of);
  if (!config().fixed_context) return deep_output({hidden});
  return deep_output({hidden, all_steps(states, fixed_context_of), embedded});
}

AttentiveDecoder::AttentiveDecoder(Module* parent, std::string name, const ModelConfig& config, int input_size,
                                   int readout_size, int fed_size)
    : RecurrentDecoder(parent, std::move(name), config, input_size + fed_size, readout_size, fed_size),
      attention_(make_attention(this, "attention", config)) {
  if (config.attention.context_gate) {
    context_gate_.emplace(this, "context_gate", config.embedding + 2 * config.hidden, config.hidden);
  }
}

Memories AttentiveDecoder::prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) {
  return {new (Tape::active().arena().allocate<Memory>(1)) Memory(attention_->prepare(encoder_states, packing, order)),
          1};
}

Attended AttentiveDecoder::attend(Tensor hidden, Tensor embedded, const DecoderState& previous, const Memory& memory) {
  Attended attended = (*attention_)(hidden, memory, {previous.position, previous.coverage});
  if (context_gate_) {
    attended.context = sigmoid((*context_gate_)({embedded, hidden, attended.context})) * attended.context;
  }
  return attended;
}

DecoderState AttentiveDecoder::with(DecoderState next, const Attended& attended, const DecoderState& previous) const {
  next.context = attended.context;
  next.weights = attended.weights;
  next.log_probability = attended.log_probability;
  next.entropy = attended.entropy;
  if (attention_->coverage) {
    next.coverage = previous.coverage ? previous.coverage + attended.weights : attended.weights;
  }
  return next;
}

BahdanauDecoder::BahdanauDecoder(Module* parent, std::string name, const ModelConfig& config)
    : AttentiveDecoder(parent, std::move(name), config, config.hidden, 2 * config.hidden + config.embedding,
                       config.attention.input_feeding ? output_size(config, 2 * config.hidden + config.embedding) : 0) {
}

DecoderState BahdanauDecoder::step(Tensor embedded, const DecoderState& previous, Memories memories) {
  const ModulePath here(path());
  const Tensor query = previous.hidden();
  const Attended attended = attend(query, embedded, previous, memories[0]);
  DecoderState next = with(recur({embedded, attended.context, previous.fed}, previous), attended, previous);
  next.read = config().readout == Readout::Maxout ? query : next.hidden();
  if (previous.fed) next.fed = deep_output({next.read, next.context, embedded});
  return next;
}

Tensor BahdanauDecoder::readout(std::span<const DecoderState> states, Tensor embedded) {
  if (states[0].fed) return all_steps(states, fed_of);
  return deep_output({all_steps(states, read_of), all_steps(states, context_of), embedded});
}

LuongDecoder::LuongDecoder(Module* parent, std::string name, const ModelConfig& config)
    : AttentiveDecoder(parent, std::move(name), config, 0, config.hidden,
                       config.attention.input_feeding ? config.hidden : 0),
      attentional_(this, "attentional", 2 * config.hidden, config.hidden, false) {}

DecoderState LuongDecoder::step(Tensor embedded, const DecoderState& previous, Memories memories) {
  const ModulePath here(path());
  DecoderState next = recur({embedded, previous.fed}, previous);
  next = with(next, attend(next.hidden(), embedded, previous, memories[0]), previous);
  if (previous.fed) next.fed = attentional(next.context, next.hidden());
  return next;
}

Tensor LuongDecoder::readout(std::span<const DecoderState> states, Tensor) {
  if (states[0].fed) return deep_output({all_steps(states, fed_of)});
  return deep_output({attentional(all_steps(states, context_of), all_steps(states, hidden_of))});
}

Tensor LuongDecoder::attentional(Tensor context, Tensor hidden) {
  const Tensor result = attentional_.tanh({context, hidden});
  return config().readout == Readout::Direct ? result : dropout_(result);  // which a direct readout gets anyway
}

}
