#pragma once

#include <functional>

#include "examples/captioner/model.h"

namespace gradus::captioner {

/// Trains the model, whose configuration says how. `go_on` is told of each step and its loss, and whether there is
/// another one is what it returns. Throws Error if the loss is no number any more.
void train(
    Captioner& model, const CaptionerConfig& config, std::span<const Example> examples,
    const std::function<bool(int step, double loss)>& go_on = [](int, double) { return true; });

}
