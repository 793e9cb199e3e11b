#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/search.h"
#include "examples/translate/translator.h"

namespace gradus::translate {

/// What became of a line.
struct Translation {
  std::vector<std::string> source;  ///< its words, as the first model sees them
  NBest n_best;                     ///< empty for a line without a word
};

/// The translations of the lines, in their order, by models with the same target vocabulary. `first_line` is the number
/// of the first one among all lines that will ever be translated, on which random numbers depend. Throws Error if
/// attention is asked for and no model has it, or the models see a different number of words in a line.
std::vector<Translation> translate_lines(std::span<Translator* const> models, std::span<const std::string> lines,
                                         std::uint64_t first_line, const SearchOptions& options, ThreadPool& pool);

/// Models that are loaded to work together.
class Ensemble {
 public:
  /// Throws Error for a folder without a model, and for models with different target vocabularies, naming both folders.
  explicit Ensemble(const std::vector<std::string>& directories);

  std::span<Translator* const> models() const { return models_; }
  /// The one whose target words and way to display them hold for all.
  const Translator& first() const { return *models_.front(); }

 private:
  std::vector<std::unique_ptr<Translator>> owned_;
  std::vector<Translator*> models_;
};

}
