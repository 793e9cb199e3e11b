#include "examples/translate/model/model.h"

#include <algorithm>
#include <vector>

#include "examples/translate/model/factory.h"
#include "examples/translate/model/initial_values.h"
#include "ops/elementwise.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/kernels/random.h"
#include "ops/layout.h"

namespace gradus::translate {

namespace {

/// The configuration with all its rates. Throws if it contradicts itself.
ModelConfig checked(const ModelConfig& config) {
  const bool is_transformer = config.architecture == Architecture::Transformer;
  if (is_transformer && config.embedding != config.hidden) {
    fail("model: embedding is {}, hidden is {}; a transformer adds its layers to the word vectors: need the same size",
         config.embedding, config.hidden);
  }
  if (config.architecture == Architecture::Convolution && config.kernel_width % 2 == 0)
    fail("model: kernel_width is {}; a convolution has as many words on both sides: need an odd number",
         config.kernel_width);
  if (config.architecture == Architecture::Recurrent && config.bidirectional && config.hidden % 2 != 0) {
    fail("model: hidden size is {}; both encoder directions share it, so it must be even", config.hidden);
  }
  if (config.tied_embeddings == TiedEmbeddings::All && config.source_words != config.target_words) {
    fail(
        "model: tied_embeddings all needs one vocabulary for both languages; there are {} source words and {} target "
        "words",
        config.source_words, config.target_words);
  }
  const bool reads_encoder = config.bridge != Bridge::Zero && config.bridge != Bridge::Learned;
  if (config.fixed_context && (config.attention.present || !reads_encoder)) {
    fail(
        "model: fixed_context needs attention none, and a bridge that reads the encoder: last, mean, backward or copy");
  }
  if (config.reverse_source && config.bidirectional) {
    fail("model: reverse_source needs an encoder of one direction; one of both reads backwards already");
  }
  if (config.bridge == Bridge::Backward && !config.bidirectional) {
    fail("model: bridge backward needs a bidirectional encoder; one direction that reads backwards is reverse_source");
  }
  if (config.bridge == Bridge::Copy && config.encoder_layers != config.decoder_layers) {
    fail("model: bridge copy needs as many layers of the encoder as of the decoder; there are {} and {}",
         config.encoder_layers, config.decoder_layers);
  }
  if (config.is_simultaneous() && (config.bidirectional || config.reverse_source || reads_encoder)) {
    fail(
        "model: scope {} reads the source as it comes, from the first word on; need an encoder that reads forward "
        "only (--no-bidirectional, --no-reverse-source) and --bridge zero or learned; here are {} and bridge {}",
        name_of(config.attention.scope),
        config.bidirectional    ? "both directions"
        : config.reverse_source ? "a reversed source"
                                : "one direction",
        name_of(config.bridge));
  }
  if (!config.attention.scope->normalizes && config.attention.normalizer != Normalizer::Softmax) {
    fail("model: scope {} normalises no scores, and normalizer {} would do nothing", name_of(config.attention.scope),
         name_of(config.attention.normalizer));
  }
  return config.with_dropout_rates();
}

}

Seq2Seq::Seq2Seq(const ModelConfig& config, std::uint64_t seed)
    : config_(checked(config)), encoder_(make_encoder(this, config_)), decoder_(make_decoder(this, config_)) {
  if (WithoutInit::active()) return;
  set_initial_values(parameters(), decoder_->embedding_weight(), config, seed);
}

Seq2Seq::Encoded Seq2Seq::encode(const Batch& batch) {
  const Packing packing(batch.source_lengths);
  const Encoder::Output encoded = (*encoder_)(batch.source_ids, packing, &decoder_->embedding_weight());
  return {decoder_->prepare(encoded.states, packing, batch.order), decoder_->begin(encoded.summary, batch.order)};
}

Seq2Seq::Forced Seq2Seq::teacher_forced(const Batch& batch, Real scheduled_sampling) {
  auto [source, state] = encode(batch);
  const Packing packing(batch.target_lengths);
  Tensor embedded;
  if (scheduled_sampling == 0) embedded = decoder_->embed(batch.target_inputs);
  if (embedded) {
    if (const Tensor whole = decoder_->all_at_once(embedded, packing, source)) return {{}, whole};
  }
  Arena& arena = Tape::active().arena();
  const std::span inputs = arena.make_array(packing.steps(), [](std::size_t) { return Tensor(); });
  const std::span outputs = arena.make_array(packing.steps(), [](std::size_t) { return StepOutput(); });
  for (int t = 0; t < packing.steps(); ++t) {
    const int begin = packing.offset(t), alive = packing.alive(t);
    const bool some_ended = t > 0 && alive < packing.alive(t - 1);
    if (some_ended) state = state.map([&](Tensor x) { return first_rows(x, alive); });
    if (embedded) {
      inputs[t] = slice(embedded, 0, begin, begin + alive);
    } else {
      const std::span given = std::span(batch.target_inputs).subspan(begin, alive);
      inputs[t] = t == 0 ? decoder_->embed(given)
                         : sampled_inputs(given, outputs[t - 1].first(alive), inputs[t - 1], scheduled_sampling);
    }
    const Decoder::Step step = decoder_->step(inputs[t], state, source);
    state = step.state;
    outputs[t] = step.output;
  }
  if (!embedded) embedded = concat(inputs, 0);
  return {outputs, decoder_->readout(outputs, embedded)};
}

Tensor Seq2Seq::sampled_inputs(std::span<const int> given, const StepOutput& previous, Tensor previous_embedded,
                               Real share) {
  const int alive = static_cast<int>(given.size());
  const Tensor read = first_rows(previous_embedded, alive);
  const Array scores = decoder_->output()(decoder_->readout({&previous, 1}, read)).value();
  const Tape::RandomRange random = Tape::active().random(alive);
  std::vector<int> words(given.begin(), given.end());
  for (int i = 0; i < alive; ++i) {
    if (kernels::uniform(random.seed, random.begin + i) >= share) continue;
    const Real* const row = scores.row(i);
    words[i] = static_cast<int>(std::max_element(row, row + scores.cols()) - row);
  }
  return decoder_->embed(words);
}

Parameter& Seq2Seq::source_embedding_weight() {
  return encoder_->embedding ? encoder_->embedding->weight : decoder_->embedding_weight();
}

Tensor Seq2Seq::loss(const Batch& batch, const LossOptions& options) {
  Linear& output = decoder_->output();
  const auto [outputs, readout] = teacher_forced(batch, options.scheduled_sampling);
  const bool draws = training() && !outputs.empty() && outputs[0].log_probability;
  std::span<Real> losses;  // of each word
  if (draws) losses = {Tape::active().arena().allocate(batch.target_outputs.size()), batch.target_outputs.size()};
  const CrossEntropyOptions counted{
      .label_smoothing = options.label_smoothing, .divisor = options.divisor, .row_losses = losses};
  const std::span<const int> words = batch.target_outputs;
  const Tensor loss = options.r_drop == 0
                          ? linear_cross_entropy(readout, output.weight, *output.bias, words, counted)
                          : linear_r_drop(readout, output.weight, *output.bias, words, options.r_drop, counted);
  if (!draws) return loss;
  const Packing packing(batch.target_lengths);
  return loss + hard_attention_term(outputs, packing, losses, options.hard_attention) / options.divisor;
}

Tensor Seq2Seq::logits(const Batch& batch) { return decoder_->output()(teacher_forced(batch).readout); }

}
