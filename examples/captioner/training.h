#pragma once

#include <functional>

#include "examples/captioner/model.h"

namespace gradus::captioner {

/// So many pictures with their captions. Those of two seeds differ: noise does not come out alike in 3072 numbers.
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
  double looks = 0;     ///< of those for a size, colour or form: the most attended patch shows the thing they name
};
Scores evaluate(Captioner& model, std::span<const Example> examples);

}
