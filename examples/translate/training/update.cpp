#include "examples/translate/training/update.h"

#include <cmath>

#include "autograd/error.h"
#include "autograd/inspect/check.h"
#include "examples/translate/machine/cores.h"
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

Update::Update(Translator& translator, Pairs pairs, Transport& transport)
    : translator_(translator),
      config_(translator.config),
      pairs_(pairs),
      draws_(pairs, translator.source, translator.target, translator.config),
      parameters_(translator.model.parameters()),
      norms_(parameters_.size()),
      parallel_(translator.model, thread_count(config_.threads), config_.shards),
      groups_(parameters_, transport, config_.groups, &parallel_.pool()),
      optimizer_(make_optimizer(parameters_, config_)),
      shards_(config_.shards) {
  if (config_.average_decay > 0) average_.emplace(parameters_, config_.average_decay);
}

Update::Result Update::make(std::span<const std::vector<int>> batches, const Place& place) {
  if (!draws_.is_on()) return make(pairs_, batches, place);
  std::vector<Pair> drawn;
  std::vector<std::vector<int>> numbers(batches.begin(), batches.end());  // of pairs in `drawn`
  for (std::vector<int>& batch : numbers) {
    for (int& pair : batch) {
      drawn.push_back(draws_.draw(pair, place.epoch));
      pair = static_cast<int>(drawn.size()) - 1;
    }
  }
  return make(drawn, numbers, place);
}

Update::Result Update::make(Pairs pairs, std::span<const std::vector<int>> batches, const Place& place) {
  Result result;
  Work work{.pairs = pairs, .batches = {}, .divisor = 0, .place = place};
  std::int64_t sentences = 0;
  for (const std::vector<int>& batch : batches) {
    sentences += static_cast<std::int64_t>(batch.size());
    result.words += target_words(pairs, batch);
    work.batches.push_back(cut_shards(pairs, batch, groups_.groups()));
  }
  work.divisor = config_.loss_mean == LossMean::Words ? result.words : sentences;
  try {
    result.loss = groups_.sum([&](int group) { return add_gradients(work, group); });
  } catch (const Error& error) {
    fail("train: {}: {}", name_of(place, batches.size()), error.what());
  }
  result.loss *= static_cast<double>(work.divisor) / static_cast<double>(result.words);  // by the word, in any case
  result.norm = groups_.grad_norm(norms_);
  if (!std::isfinite(result.loss) || !std::isfinite(result.norm)) fail_as_not_finite(work, result);
  const double scale = config_.clip > 0 ? clip_factor(result.norm, config_.clip) : 1;
  optimizer_->learning_rate = place.learning_rate;
  optimizer_->step({.grad_scale = scale, .zero_grads = true, .pool = &pool(), .share = groups_.share()});
  groups_.gather_values();
  if (average_) average_->update(&pool());
  return result;
}

double Update::add_gradients(const Work& work, int group) {
  const std::uint64_t of_step = derive_seed(config_.seed, work.place.step);
  const std::uint64_t seed = group == 0 ? of_step : derive_seed(~of_step, group);
  double loss = 0;
  for (std::size_t i = 0; i < work.batches.size(); ++i) {
    loss += add_gradients(work, work.batches[i][group], i == 0 ? seed : derive_seed(seed, i));
  }
  return loss;
}

double Update::add_gradients(const Work& work, std::span<const int> chosen, std::uint64_t seed) {
  const std::vector<std::vector<int>> parts = cut_shards(work.pairs, chosen, config_.shards);
  const double sampling = config_.scheduled_sampling * work.place.done;
  const bool passes_twice = config_.r_drop > 0;
  const Seq2Seq::LossOptions options{.label_smoothing = static_cast<Real>(config_.label_smoothing),
                                     .divisor = static_cast<Real>(passes_twice ? 2 * work.divisor : work.divisor),
                                     .scheduled_sampling = static_cast<Real>(sampling),
                                     .hard_attention = {.reinforce_weight = config_.reinforce_weight,
                                                        .discount = config_.reinforce_discount,
                                                        .entropy_weight = config_.entropy_weight,
                                                        .baseline = work.place.baseline},
                                     .r_drop = static_cast<Real>(config_.r_drop)};
  return parallel_.step(seed, [&](int shard) -> Tensor {
    if (parts[shard].empty()) return {};
    shards_[shard] = make_batch(work.pairs, passes_twice ? twice(parts[shard]) : parts[shard]);
    return translator_.model.loss(shards_[shard], options);
  });
}

void Update::fail_as_not_finite(const Work& work, const Result& result) {
  const std::string what =
      fmt::format("{}: the loss is {:.4g} and the gradient's norm {:.4g}", name_of(work.place, work.batches.size()),
                  std::abs(result.loss), std::abs(result.norm));  // of nan, which may have a sign
  for (Parameter* const parameter : parameters_) parameter->zero_grad();
  std::string found;
  try {
    const Checking checking;
    for (int group = 0; group < groups_.groups(); ++group) {
      if (groups_.owns(group)) add_gradients(work, group);
    }
  } catch (const Error& error) {
    found = error.what();
  }
  for (const std::string& first : gather_texts(groups_.transport(), found)) {
    if (!first.empty()) fail("train: {}; the first that is not finite: {}; {}", what, first, lower_rate_hint());
  }
  fail("train: {}; no single number is to blame, only their sum; {}", what, lower_rate_hint());
}

std::int64_t Update::target_words(Pairs pairs, std::span<const int> batch) {
  std::int64_t words = 0;
  for (const int pair : batch) words += static_cast<std::int64_t>(pairs.target(pair).size());
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
