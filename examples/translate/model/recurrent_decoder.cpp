#include "examples/translate/model/recurrent_decoder.h"

#include <algorithm>

#include "autograd/scratch.h"
#include "examples/translate/model/parts.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"

namespace gradus::translate {

namespace {

/// What PlainDecoder goes on from.
struct PlainState {
  RecurrentState recurrent;
  Tensor fixed_context;  // (N, H): the summary of the source, or empty

  friend void for_each_tensor(PlainState& state, TensorAction action) {
    auto& [recurrent, fixed_context] = state;
    for_each_tensor(recurrent, action);
    action(fixed_context);
  }
};

/// How long the summary of the source is.
int summary_size(const ModelConfig& config) {
  return config.bridge == Bridge::Backward ? config.hidden / 2 : config.hidden;
}

std::optional<Linear> linear_if(bool present, Module* parent, const char* name, int in, int out) {
  if (!present) return std::nullopt;
  return std::optional<Linear>(std::in_place, parent, name, in, out);
}

/// The names of the first layer's members have no number, so that a model of one layer has those of its PyTorch twin.
std::string suffix(int layer) { return layer == 0 ? "" : fmt::format("_l{}", layer); }

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
                                   int readout_size)
    : Decoder(parent, std::move(name)),
      dropout_(this, "dropout", config.output_dropout),
      config_(config),
      recurrence_(this, config, input_size),
      layer_dropout_(this, "layer_dropout", config.layer_dropout),
      fixed_context_(linear_if(config.fixed_context, this, "fixed_context", summary_size(config), config.hidden)),
      readout_(linear_if(config.readout != Readout::Direct, this, "pre_output", readout_size,
                         (config.readout == Readout::Maxout ? 2 : 1) * config.embedding)),
      output_(this, "output", output_size(config, readout_size), config.target_words) {}

int RecurrentDecoder::output_size(const ModelConfig& config, int readout_size) {
  if (config.readout != Readout::Direct) return config.embedding;
  if (config.tied_embeddings != TiedEmbeddings::None && readout_size != config.embedding) {
    fail(
        "model: tied_embeddings needs an output layer that reads as many numbers as a word vector has, {}; readout "
        "direct reads {}",
        config.embedding, readout_size);
  }
  return readout_size;
}

Tensor RecurrentDecoder::fixed_context(std::span<const LstmState> summary, std::span<const int> order) {
  return fixed_context_ ? fixed_context_->tanh({gather_rows(summary.back().hidden, order)}) : Tensor();
}

RecurrentState RecurrentDecoder::first_layers(std::span<const LstmState> summary, std::span<const int> order,
                                              Tensor fixed_context) {
  const int batch = static_cast<int>(order.size());
  const auto in_order = [&](Tensor encoded) { return encoded ? gather_rows(encoded, order) : encoded; };
  const bool masked = training() && config_.recurrent_dropout != 0;
  Arena& arena = Tape::active().arena();
  const std::size_t count = recurrence_.cells.size();
  const std::span<Tensor> masks = arena.make_array(masked ? count : 0, [](std::size_t) { return Tensor(); });
  const auto layer = [&](std::size_t l) {
    LstmState encoded;
    if (fixed_context && config_.bridge != Bridge::Copy) {
      encoded = {fixed_context, fixed_context};
    } else if (!summary.empty()) {
      const LstmState& own = summary[std::min(l, summary.size() - 1)];
      encoded = {in_order(own.hidden), in_order(own.cell)};
    }
    const LstmState first = recurrence_.starts[l](encoded, batch);
    if (masked) masks[l] = recurrent_mask(batch, config_.hidden, config_.recurrent_dropout);
    return first;
  };
  return {arena.make_array(count, layer), masks, {}};
}

RecurrentState RecurrentDecoder::recur(std::initializer_list<Tensor> parts, const RecurrentState& previous) {
  Scratch scratch;
  Tensor* const first_inputs = scratch.allocate<Tensor>(parts.size());
  Tensor* const end = std::copy_if(parts.begin(), parts.end(), first_inputs, [](Tensor part) { return bool(part); });
  const std::size_t count = recurrence_.cells.size();
  Tensor x;  // the output of the layer so far
  const auto layer = [&](std::size_t l) {
    const Tensor input = l == 0 ? Tensor() : layer_dropout_(x);
    const std::span<const Tensor> inputs = l == 0 ? std::span<const Tensor>(first_inputs, end) : std::span(&input, 1);
    const Tensor mask = previous.masks.empty() ? Tensor() : previous.masks[l];
    const LstmState next = recurrence_.cells[l]->step(inputs, previous.layers[l], mask);
    x = config_.residual && l > 0 ? next.hidden + input : next.hidden;
    return next;
  };
  const std::span layers = Tape::active().arena().make_array(count, layer);
  const bool is_hidden = !config_.residual || count == 1;
  return {layers, previous.masks, is_hidden ? Tensor() : x};
}

Tensor RecurrentDecoder::embed(std::span<const int> ids) {
  const ModulePath here(path());
  return word_vectors(embedding_weight(), ids, config_, training());
}

Tensor RecurrentDecoder::readout(std::span<const StepOutput> outputs, Tensor embedded) {
  return dropout_(readout_of(outputs, embedded));
}

Tensor RecurrentDecoder::readout_layer(std::initializer_list<Tensor> parts) {
  switch (config_.readout) {
    case Readout::Tanh:
      return readout_->tanh(parts);
    case Readout::Maxout: {
      const Tensor pairs = (*readout_)(parts);
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

DecoderState PlainDecoder::begin(std::span<const LstmState> summary, std::span<const int> order) {
  const ModulePath here(path());
  const Tensor context = fixed_context(summary, order);
  return {PlainState{first_layers(summary, order, context), context}, 0};
}

EncodedSource PlainDecoder::prepare(Tensor, const Packing&, std::span<const int>) { return {}; }

Decoder::Step PlainDecoder::step(Tensor embedded, const DecoderState& previous, EncodedSource) {
  const ModulePath here(path());
  const auto& [recurrent, context] = previous.as<PlainState>();
  const PlainState next{recur({embedded, context}, recurrent), context};
  return {{next, previous.position + 1}, {.hidden = next.recurrent.hidden(), .context = context}};
}

Tensor PlainDecoder::readout_of(std::span<const StepOutput> outputs, Tensor embedded) {
  const Tensor hidden = all_steps(outputs, &StepOutput::hidden);
  if (!config().fixed_context) return readout_layer({hidden});
  return readout_layer({hidden, all_steps(outputs, &StepOutput::context), embedded});
}

}
