#include "examples/captioner/training.h"

#include <cmath>

#include "autograd/error.h"
#include "nn/optim/optimizer.h"
#include "nn/optim/schedule.h"
#include "nn/parallel/data_parallel.h"

namespace gradus::captioner {

void train(Captioner& model, const CaptionerConfig& config, std::span<const Example> examples,
           const std::function<bool(int step, double loss)>& go_on) {
  constexpr int kShards = 2;
  constexpr double kMaxNorm = 5;
  DataParallel parallel(model, kShards, kShards);
  const std::vector<Parameter*> parameters = model.parameters();
  Adam adam(parameters);
  Rng rng(derive_seed(config.seed, "training"));
  for (int step = 0; step < config.steps; ++step) {
    std::vector<const Example*> chosen[kShards];
    for (int i = 0; i < config.batch; ++i) chosen[i % kShards].push_back(&examples[rng.below(examples.size())]);
    const double loss = parallel.step(step, [&](int shard) -> Tensor {
      return chosen[shard].empty() ? Tensor() : model.loss(Batch(chosen[shard]), static_cast<Real>(config.batch));
    });
    if (!std::isfinite(loss)) fail("step {}: the loss is {}; a lower learning rate may help", step + 1, loss);
    adam.learning_rate = schedule::cosine(config.learning_rate, step, 0, config.steps);
    adam.step({.grad_scale = clip_factor(grad_norm(parameters, &parallel.pool()), kMaxNorm),
               .zero_grads = true,
               .pool = &parallel.pool()});
    if (!go_on(step + 1, loss)) return;
  }
}

}
