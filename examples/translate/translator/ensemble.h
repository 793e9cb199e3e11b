#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/translator/translator.h"

namespace gradus::translate {

/// Whether two models have the same target vocabulary and tokenizer, so that they can translate together and their
/// perplexities can be compared.
bool write_alike(const Translator& a, const Translator& b);

/// Models that are loaded to work together.
class Ensemble {
 public:
  /// Throws Error for a folder without a model, and for models with different target vocabularies or tokenizers, naming
  /// both folders.
  explicit Ensemble(const std::vector<std::string>& directories);

  std::span<Translator* const> models() const { return models_; }
  /// The one whose target words and way to display them hold for all.
  const Translator& first() const { return *models_.front(); }

 private:
  std::vector<std::unique_ptr<Translator>> owned_;
  std::vector<Translator*> models_;
};

}
