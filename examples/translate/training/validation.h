#pragma once

#include <span>
#include <string>
#include <vector>

#include "examples/translate/base/pairs.h"
#include "examples/translate/training/training_log.h"
#include "examples/translate/translator/translator.h"
#include "nn/parallel/transport.h"

namespace gradus::inline GRADUS_PRECISION {
class ThreadPool;
}

namespace gradus::translate {

/// How well a model does on the validation text.
struct Validated {
  double loss = 0;  ///< the cross-entropy in nats, as `cross_entropy` has it
  double bleu = 0;
  std::vector<std::string> translations;
};

/// Scores the model, which must be in evaluation mode, on the text; `pairs` is the same as numbers. The ranks share the
/// work. Throws Interrupted, on all of them, if somebody interrupts it.
Validated score_validation(Translator& translator, Pairs pairs, const ParallelText& text, ThreadPool& pool,
                           Transport& transport);

/// The first sentences of the text with their translations, for the log.
std::vector<TrainingLog::Sample> first_samples(const ParallelText& text, const Validated& validated);

/// The line that tells a person of a validation: `epoch  3  loss 2.31  8120 tok/s  valid perplexity 9.05, BLEU 21.30`.
/// `loss` and `speed`, in words a second, are those of the training since the one before it.
std::string validation_line(const TrainingLog::Validation& validation, bool at_end_of_epoch, double loss, double speed);

}
