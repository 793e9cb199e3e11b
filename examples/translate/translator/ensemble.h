#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/search/search.h"
#include "examples/translate/translator/translator.h"

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

/// The best of them as text; a line without a word becomes an empty line.
std::vector<std::string> best_translations(std::span<Translator* const> models, std::span<const std::string> lines,
                                           const SearchOptions& options, ThreadPool& pool);

/// log P(y_t | y_1 … y_{t-1}, source) of every word of every translation, its </s> included, as `score_targets`.
std::vector<std::vector<double>> score_pairs(std::span<Translator* const> models, const ParallelText& text,
                                             ThreadPool& pool);

/// The mean of -log P over all words of all translations: as the function of this name for one model (translator.h),
/// of the averaged probabilities.
double cross_entropy(std::span<Translator* const> models, const ParallelText& text, ThreadPool& pool);

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
