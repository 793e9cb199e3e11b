#pragma once

#include <memory>
#include <vector>

#include "examples/translate/config/config.h"
#include "examples/translate/metrics/bleu.h"
#include "nn/optim/optimizer.h"

namespace gradus::translate {

/// How translations of text such as the training's are scored: by its tokens, if it is tokenised already.
BleuOptions bleu_options(const TrainConfig& config);

/// The optimiser that the configuration names, with its learning rate and weight decay.
std::unique_ptr<Optimizer> make_optimizer(const std::vector<Parameter*>& parameters, const TrainConfig& config);

}
