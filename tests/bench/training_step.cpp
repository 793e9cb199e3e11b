#include "tests/bench/training_step.h"

#include "tests/bench/bench_data.h"

namespace gradus::bench {

using namespace gradus::translate;

TrainingStep::TrainingStep(const ModelConfig& config, int threads, int shards)
    : model_(config),
      parameters_(model_.parameters()),
      adam_(parameters_, {.learning_rate = 1e-3}),
      parallel_(model_, threads, shards),
      parts_(shards) {}

TrainingStep::Times TrainingStep::run(Pairs pairs, std::span<const int> batch, OnShard on_shard) {
  Times times;
  times.batches = seconds();
  const auto cut = cut_shards(pairs, batch, parallel_.shards());
  for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i] = make_batch(pairs, cut[i]);
  const auto divisor = static_cast<Real>(target_words(pairs, batch));

  times.shards = seconds();
  parallel_.step(steps_++, [&](int i) {
    on_shard(i);
    return parts_[i].size() == 0 ? Tensor()
                                 : model_.loss(parts_[i], {.label_smoothing = Real(0.1), .divisor = divisor});
  });

  times.optimizer = seconds();
  const double norm = grad_norm(parameters_, &parallel_.pool());
  adam_.step({.grad_scale = clip_factor(norm, 1), .zero_grads = true, .pool = &parallel_.pool()});
  times.end = seconds();
  return times;
}

std::size_t target_words(Pairs pairs, std::span<const int> batch) {
  std::size_t words = 0;
  for (int i : batch) words += pairs.target(i).size();
  return words;
}

}
