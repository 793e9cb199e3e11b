#include "examples/translate/training/configured.h"

namespace gradus::translate {

BleuOptions bleu_options(const TrainConfig& config) {
  const bool tokenised = config.tokenizer == TokenizerKind::Whitespace;
  return {.tokenizer = tokenised ? Tokenizer::kNone : Tokenizer::k13a, .lowercase = config.lowercase};
}

std::unique_ptr<Optimizer> make_optimizer(const std::vector<Parameter*>& parameters, const TrainConfig& config) {
  const double rate = config.learning_rate, decay = config.weight_decay;
  switch (config.optimizer) {
    case OptimizerKind::Adam:
      if (decay == 0) return std::make_unique<Adam>(parameters, AdamOptions{.learning_rate = rate});
      return std::make_unique<AdamW>(parameters, AdamWOptions{.learning_rate = rate, .weight_decay = decay});
    case OptimizerKind::Sgd:
      return std::make_unique<SGD>(parameters, SgdOptions{.learning_rate = rate, .weight_decay = decay});
    case OptimizerKind::Adadelta:
      break;
  }
  // ρ of Bahdanau et al. 2014, section B.2
  return std::make_unique<Adadelta>(parameters,
                                    AdadeltaOptions{.learning_rate = rate, .rho = 0.95, .weight_decay = decay});
}

}
