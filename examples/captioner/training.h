#pragma once

#include <functional>

#include "examples/captioner/model.h"

namespace gradus::captioner {

/// So many pictures, from a seed. Pictures of different seeds, or of different combinations, have nothing in common but
/// by a chance that 3072 noisy numbers do not give.
std::vector<Example> make_examples(std::uint64_t seed, int count, Combinations combinations);

struct TrainingOptions {
  std::uint64_t seed = 1;
  int steps = 6000;
  int batch = 32;  ///< pictures of a step
  double learning_rate = 2e-3;
};
/// Trains the model; `report` is told of each step and its loss.
void train(
    Captioner& model, std::span<const Example> examples, const TrainingOptions& options,
    const std::function<void(int step, double loss)>& report = [](int, double) {});

/// How well pictures are described, as shares from 0 to 1.
struct Scores {
  double captions = 0;  ///< captions that are right word by word
  double words = 0;     ///< words of the right captions that the model says at the same place, </s> included
  double looks = 0;     ///< of those that name a size, colour or form: the most attended patch shows the named thing
};
Scores evaluate(Captioner& model, std::span<const Example> examples);

}
