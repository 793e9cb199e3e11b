#include "examples/translate/model.h"

#include "nn/init.h"
#include "ops/layout.h"
#include "ops/softmax.h"

namespace gradus::translate {

Encoder::Encoder(Module* parent, std::string name, const ModelConfig& config)
    : Module(parent, std::move(name)),
      dropout(this, "dropout", config.dropout),
      embedding(this, "embedding", config.source_words, config.embedding),
      rnn(this, "rnn", config.embedding, config.hidden / 2,
          {.layers = config.layers, .bidirectional = true, .dropout = config.dropout}) {}

Encoder::Output Encoder::operator()(std::span<const int> ids, const Packing& packing) {
  const auto [states, final] = rnn(dropout(embedding(ids)), packing);
  const LstmState forward = final[final.size() - 2], backward = final[final.size() - 1];
  return {states, {concat({forward.hidden, backward.hidden}, -1), concat({forward.cell, backward.cell}, -1)}};
}

Seq2Seq::Seq2Seq(const ModelConfig& config, std::uint64_t seed)
    : config_(config), encoder_(this, "encoder", config), decoder_(Decoder::make(this, config)) {
  if (config.hidden % 2 != 0)
    fail("model: hidden size is {}; both encoder directions share it, so it must be even", config.hidden);
  if (WithoutInit::active()) return;
  Rng rng(seed);
  for (Parameter* parameter : parameters()) {
    if (parameter->shape().rank() < 2) {
      init::zeros()(parameter->value(), rng);
    } else if (parameter->name().find("embedding") != std::string::npos) {
      init::normal(0, config.embedding_deviation)(parameter->value(), rng);
    } else {
      init::xavier_uniform()(parameter->value(), rng);
    }
  }
}

Seq2Seq::Encoded Seq2Seq::encode(const Batch& batch) {
  const Packing packing(batch.source_lengths);
  const Encoder::Output encoded = encoder_(batch.source_ids, packing);
  return {decoder_->prepare(encoded.states, packing, batch.order), decoder_->begin(encoded.final, batch.order)};
}

Tensor Seq2Seq::teacher_forced(const Batch& batch) {
  auto [memory, state] = encode(batch);
  const Packing packing(batch.target_lengths);
  const Tensor embedded = decoder_->embed(batch.target_inputs);

  auto* const states = Tape::active().allocate<DecoderState>(packing.steps());
  for (int t = 0; t < packing.steps(); ++t) {
    const int begin = packing.offset(t), alive = packing.alive(t);
    state = decoder_->step(slice(embedded, 0, begin, begin + alive), state.first(alive), memory);
    new (&states[t]) DecoderState(state);
  }
  return decoder_->pre_output({states, static_cast<std::size_t>(packing.steps())}, embedded);
}

Tensor Seq2Seq::loss(const Batch& batch, Real label_smoothing, Real divisor) {
  Linear& output = decoder_->output();
  return linear_cross_entropy(teacher_forced(batch), output.weight, *output.bias, batch.target_outputs,
                              {.label_smoothing = label_smoothing, .divisor = divisor});
}

Tensor Seq2Seq::logits(const Batch& batch) { return decoder_->output()(teacher_forced(batch)); }

}
