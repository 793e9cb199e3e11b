#pragma once

#include <optional>
#include <string>

#include "examples/translate/config/config.h"
#include "examples/translate/model/model.h"
#include "examples/translate/search/hypothesis.h"
#include "examples/translate/text/language.h"
#include "ops/gemm/packed_weights.h"

namespace gradus::translate {

/// What the configuration says of the languages.
LanguageOptions language_options(const TrainConfig& config);

/// Two languages, and a model of the numbers that stand for their words.
struct Translator : Languages {
  /// A new model of the configured shape for these languages.
  Translator(const TrainConfig& config, Languages languages);

  std::string text(const Hypothesis& hypothesis) const { return target.text(hypothesis.words); }

  /// Ends all training: from here on the model is in evaluation mode and its parameters must stay as they are, so that
  /// their packed forms (ops/gemm/packed_weights.h) serve all sentences.
  void freeze();

  TrainConfig config;
  Seq2Seq model;

 private:
  Arena packed_memory_;
  std::optional<PackedWeights> packed_;
};

}
