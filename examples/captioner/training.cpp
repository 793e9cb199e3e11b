#include "examples/captioner/training.h"

#include <algorithm>

#include "nn/optim/optimizer.h"
#include "nn/optim/schedule.h"
#include "nn/parallel/data_parallel.h"

namespace gradus::captioner {

std::vector<Example> make_examples(std::uint64_t seed, int count, Combinations combinations) {
  Rng rng(seed);
  std::vector<Example> examples(count);
  for (Example& example : examples) {
    example.picture = draw_picture(rng, combinations);
    example.caption = caption_of(example.picture);
  }
  return examples;
}

void train(Captioner& model, std::span<const Example> examples, const TrainingOptions& options,
           const std::function<void(int step, double loss)>& report) {
  constexpr int kShards = 2;
  constexpr double kMaxNorm = 5;
  DataParallel parallel(model, kShards, kShards);
  const std::vector<Parameter*> parameters = model.parameters();
  Adam adam(parameters);
  Rng rng(derive_seed(options.seed, "training"));
  for (int step = 0; step < options.steps; ++step) {
    std::vector<const Example*> chosen[kShards];
    for (int i = 0; i < options.batch; ++i) chosen[i % kShards].push_back(&examples[rng.below(examples.size())]);
    const double loss = parallel.step(step, [&](int shard) -> Tensor {
      return chosen[shard].empty() ? Tensor() : model.loss(Batch(chosen[shard]), static_cast<Real>(options.batch));
    });
    adam.learning_rate = schedule::cosine(options.learning_rate, step, 0, options.steps);
    adam.step({.grad_scale = clip_factor(grad_norm(parameters, &parallel.pool()), kMaxNorm),
               .zero_grads = true,
               .pool = &parallel.pool()});
    report(step + 1, loss);
  }
}

Scores evaluate(Captioner& model, std::span<const Example> examples) {
  constexpr std::size_t kBatch = 100;
  double right_captions = 0, words = 0, right_words = 0, names = 0, right_looks = 0;
  for (std::size_t begin = 0; begin < examples.size(); begin += kBatch) {
    const std::span batch = examples.subspan(begin, std::min(kBatch, examples.size() - begin));
    std::vector<const Picture*> pictures;
    for (const Example& example : batch) pictures.push_back(&example.picture);
    const std::vector<Description> descriptions = model.describe(pictures);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Caption& caption = batch[i].caption;
      const Description& description = descriptions[i];
      right_captions += description.words == caption.words;
      words += static_cast<double>(caption.words.size());
      for (std::size_t t = 0; t < std::min(caption.words.size(), description.words.size()); ++t) {
        if (description.words[t] != caption.words[t]) continue;
        ++right_words;
        if (caption.things[t] == Caption::kNone) continue;
        const std::vector<Real>& weights = description.weights[t];
        const auto patch = static_cast<int>(std::ranges::max_element(weights) - weights.begin());
        ++names;
        right_looks += batch[i].picture.shows(patch, caption.things[t]);
      }
    }
  }
  return {right_captions / static_cast<double>(examples.size()), right_words / words,
          names > 0 ? right_looks / names : 0};
}

}
