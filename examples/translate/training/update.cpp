#include "examples/translate/training/update.h"

#include <cmath>

#include "autograd/error.h"
#include "autograd/inspect/check.h"
#include "examples/translate/base/cores.h"
#include "examples/translate/training/configured.h"
#include "nn/rng.h"

namespace gradus::translate {

namespace {

/// `update 7 (epoch 1, batch 7)`, or `batches 13 to 14`.
std::string name_of(const Update::Place& place, std::size_t batches) {
  const std::size_t first = static_cast<std::size_t>(place.batch) + 1, last = first + batches - 1;
  return fmt::format("update {} (epoch {}, {})", place.step + 1, place.epoch + 1,
                     first == last ? fmt::format("batch {}", first) : fmt::format("batches {} to {}", first, last));
}

}

Update::Update(Translator& translator, const std::vector<Pair>& pairs)
    : translator_(translator),
      config_(translator.config),
      pairs_(pairs),
      parameters_(translator.model.parameters()),
      norms_(parameters_.size()),
      parallel_(translator.model, thread_count(config_.threads), config_.shards),
      optimizer_(make_optimizer(parameters_, config_)),
      shards_(config_.shards) {
  if (config_.average_decay > 0) average_.emplace(parameters_, config_.average_decay);
}

Update::Result Update::make(std::span<const std::vector<int>> batches, const Place& place) {
  Result result;
  std::int64_t sentences = 0;
  for (const std::vector<int>& batch : batches) {
    sentences += static_cast<std::int64_t>(batch.size());
    result.words += words_of(batch);
  }
  const std::int64_t divisor = config_.loss_mean == LossMean::Words ? result.words : sentences;
  try {
    result.loss = add_gradients(batches, divisor, place);
  } catch (const Error& error) {
    fail("train: {}: {}", name_of(place, batches.size()), error.what());
  }
  result.loss *=
      static_cast<double>(divisor) / static_cast<double>(result.words);  // by the word, whatever the gradient is of
  result.norm = grad_norm(parameters_, &pool(), norms_);
  if (!std::isfinite(result.loss) || !std::isfinite(result.norm)) {
    fail_as_not_finite(batches, divisor, place, result.loss, result.norm);
  }
  const double scale = config_.clip > 0 ? clip_factor(result.norm, config_.clip) : 1;
  optimizer_->learning_rate = place.learning_rate;
  optimizer_->step({.grad_scale = scale, .zero_grads = true, .pool = &pool()});
  if (average_) average_->update(&pool());
  return result;
}

double Update::add_gradients(std::span<const std::vector<int>> batches, std::int64_t divisor, const Place& place) {
  const std::uint64_t seed = derive_seed(config_.seed, place.step);
  double loss = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    loss += add_gradients(batches[i], i == 0 ? seed : derive_seed(seed, i), divisor, place);
  }
  return loss;
}

double Update::add_gradients(const std::vector<int>& batch, std::uint64_t seed, std::int64_t divisor,
                             const Place& place) {
  const std::vector<std::vector<int>> parts = cut_shards(pairs_, batch, config_.shards);
  const Seq2Seq::LossOptions options{.label_smoothing = static_cast<Real>(config_.label_smoothing),
                                     .divisor = static_cast<Real>(divisor),
                                     .scheduled_sampling = static_cast<Real>(config_.scheduled_sampling * place.done),
                                     .hard_attention = {.reinforce_weight = config_.reinforce_weight,
                                                        .discount = config_.reinforce_discount,
                                                        .entropy_weight = config_.entropy_weight,
                                                        .baseline = place.baseline}};
  return parallel_.step(seed, [&](int shard) -> Tensor {
    if (parts[shard].empty()) return {};
    shards_[shard] = make_batch(pairs_, parts[shard]);
    return translator_.model.loss(shards_[shard], options);
  });
}

void Update::fail_as_not_finite(std::span<const std::vector<int>> batches, std::int64_t divisor, const Place& place,
                                double loss, double norm) {
  const std::string what =
      fmt::format("{}: the loss is {:.4g} and the gradient's norm {:.4g}", name_of(place, batches.size()),
                  std::abs(loss), std::abs(norm));  // of nan, which may have a sign
  for (Parameter* const parameter : parameters_) parameter->zero_grad();
  try {
    const Checking checking;
    add_gradients(batches, divisor, place);
  } catch (const Error& error) {
    fail("train: {}; the first that is not finite: {}; {}", what, error.what(), lower_rate_hint());
  }
  fail("train: {}; no single number is to blame, only their sum; {}", what, lower_rate_hint());
}

std::int64_t Update::words_of(const std::vector<int>& batch) const {
  std::int64_t words = 0;
  for (const int pair : batch) words += static_cast<std::int64_t>(pairs_[pair].target.size());
  return words;
}

std::vector<ModuleNorm> Update::weight_norms() {
  std::vector<double> norms(parameters_.size());
  value_norm(parameters_, &pool(), norms);
  return module_norms(parameters_, norms);
}

std::string Update::lower_rate_hint() const {
  return fmt::format("try a lower --learning-rate than {:g}{}", double{config_.learning_rate},
                     config_.clip > 0 ? " or a lower --clip" : ", or --clip 1");
}

}
