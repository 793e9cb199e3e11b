#include "examples/translate/model/attentive_decoder.h"

#include "examples/translate/model/parts.h"
#include "ops/elementwise.h"
#include "ops/layout.h"

namespace gradus::translate {

namespace {

/// Numbers of each head and position, and zeros for the positions by which the source has grown since
/// (search/live_search.h). x: (N, heads · fewer), or an empty handle -> (N, heads · S)
Tensor with_steps(Tensor x, int heads, int S) {
  if (!x || x.dim(1) == heads * S) return x;
  const int N = x.dim(0), steps = x.dim(1) / heads;
  return reshape(concat({reshape(x, {N, heads, steps}), full({N, heads, S - steps}, 0)}, 2), {N, heads * S});
}

}

AttentiveDecoder::AttentiveDecoder(Module* parent, std::string name, const ModelConfig& config, int input_size,
                                   int readout_size, int fed_size)
    : RecurrentDecoder(parent, std::move(name), config, input_size + fed_size, readout_size),
      attention_(make_attention(this, "attention", config)),
      fed_size_(fed_size) {
  if (config.attention.context_gate) {
    context_gate_.emplace(this, "context_gate", config.embedding + 2 * config.hidden, config.hidden);
  }
}

DecoderState AttentiveDecoder::begin(std::span<const LstmState> summary, std::span<const int> order) {
  const ModulePath here(path());
  AttentiveState state{first_layers(summary, order), {}, {}};
  if (fed_size_ > 0) state.fed = full({static_cast<int>(order.size()), fed_size_}, 0);
  return {state, 0};
}

EncodedSource AttentiveDecoder::prepare(Tensor encoder_states, const Packing& packing, std::span<const int> order) {
  return Tape::active().arena().make_array(
      1, [&](std::size_t) { return attention_->prepare(encoder_states, packing, order); });
}

Attended AttentiveDecoder::attend(Tensor hidden, Tensor embedded, const DecoderState& previous,
                                  const KeysValues& source) {
  const auto& state = previous.as<AttentiveState>();
  const int S = static_cast<int>(source.rows.offset.size());
  Attended attended = (*attention_)(
      hidden, source,
      {previous.position, with_steps(state.coverage, 1, S), with_steps(state.alignment, source.heads, S)});
  if (context_gate_) {
    attended.context = sigmoid((*context_gate_)({embedded, hidden, attended.context})) * attended.context;
  }
  return attended;
}

Tensor AttentiveDecoder::coverage_after(const AttentiveState& previous, const Attended& attended) const {
  if (!attention_->coverage) return {};
  const Tensor before = with_steps(previous.coverage, 1, attended.weights.dim(1));
  return before ? before + attended.weights : attended.weights;
}

StepOutput AttentiveDecoder::output_of(Tensor hidden, Tensor query, const Attended& attended) {
  return {.hidden = hidden,
          .context = attended.context,
          .weights = attended.weights,
          .log_probability = attended.log_probability,
          .entropy = attended.entropy,
          .query = query,
          .scores = attended.scores,
          .delay = attended.delay};
}

BahdanauDecoder::BahdanauDecoder(Module* parent, std::string name, const ModelConfig& config)
    : AttentiveDecoder(parent, std::move(name), config, config.hidden, 2 * config.hidden + config.embedding,
                       config.attention.input_feeding ? output_size(config, 2 * config.hidden + config.embedding) : 0) {
}

Decoder::Step BahdanauDecoder::step(Tensor embedded, const DecoderState& previous, EncodedSource source) {
  const ModulePath here(path());
  const auto& state = previous.as<AttentiveState>();
  const Tensor query = state.recurrent.hidden();
  const Attended attended = attend(query, embedded, previous, source[0]);
  AttentiveState next{recur({embedded, attended.context, state.fed}, state.recurrent),
                      {},
                      coverage_after(state, attended),
                      attended.alignment};
  StepOutput output = output_of(config().readout == Readout::Maxout ? query : next.recurrent.hidden(), query, attended);
  if (state.fed) output.fed = next.fed = readout_layer({output.hidden, output.context, embedded});
  return {{next, previous.position + 1}, output};
}

Tensor BahdanauDecoder::readout_of(std::span<const StepOutput> outputs, Tensor embedded) {
  if (outputs[0].fed) return all_steps(outputs, &StepOutput::fed);
  return readout_layer({all_steps(outputs, &StepOutput::hidden), all_steps(outputs, &StepOutput::context), embedded});
}

LuongDecoder::LuongDecoder(Module* parent, std::string name, const ModelConfig& config)
    : AttentiveDecoder(parent, std::move(name), config, 0, config.hidden,
                       config.attention.input_feeding ? config.hidden : 0),
      attentional_(this, "attentional", 2 * config.hidden, config.hidden, false) {}

Decoder::Step LuongDecoder::step(Tensor embedded, const DecoderState& previous, EncodedSource source) {
  const ModulePath here(path());
  const auto& state = previous.as<AttentiveState>();
  const RecurrentState recurrent = recur({embedded, state.fed}, state.recurrent);
  const Attended attended = attend(recurrent.hidden(), embedded, previous, source[0]);
  AttentiveState next{recurrent, {}, coverage_after(state, attended), attended.alignment};
  StepOutput output = output_of(recurrent.hidden(), recurrent.hidden(), attended);
  if (state.fed) output.fed = next.fed = attentional(output.context, output.hidden);
  return {{next, previous.position + 1}, output};
}

Tensor LuongDecoder::readout_of(std::span<const StepOutput> outputs, Tensor) {
  if (outputs[0].fed) return readout_layer({all_steps(outputs, &StepOutput::fed)});
  return readout_layer(
      {attentional(all_steps(outputs, &StepOutput::context), all_steps(outputs, &StepOutput::hidden))});
}

Tensor LuongDecoder::attentional(Tensor context, Tensor hidden) {
  const Tensor result = attentional_.tanh({context, hidden});
  return config().readout == Readout::Direct ? result : dropout_(result);  // which a direct readout gets anyway
}

}
