#include "examples/translate/translator/translator.h"

namespace gradus::translate {

LanguageOptions language_options(const TrainConfig& config) {
  return {.tokenizer = config.tokenizer,
          .vocabulary_size = config.vocabulary_size,
          .joint = config.joint,
          .min_frequency = config.min_frequency,
          .lowercase = config.lowercase,
          .target_elides = config.toy};
}

Translator::Translator(const TrainConfig& config, Languages languages)
    : Languages(std::move(languages)),
      config(config),
      model(config.with_words(source.vocabulary.size(), target.vocabulary.size()), config.seed) {}

void Translator::freeze() {
  model.eval();
  packed_.emplace(packed_memory_, PackedWeights::kAnyRows);
  packed_->hold(model.parameters());
}

}
