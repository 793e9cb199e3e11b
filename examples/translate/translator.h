#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/config.h"
#include "examples/translate/corpus.h"
#include "examples/translate/model.h"
#include "examples/translate/search.h"
#include "examples/translate/vocabulary.h"
#include "ops/weight_product.h"

namespace gradus::translate {

/// A model with the words that its numbers stand for: text in, text out.
struct Translator {
  /// A new model of the configured shape for these vocabularies.
  Translator(const TrainConfig& config, Vocabulary source_words, Vocabulary target_words);

  /// The words of a line as the model's numbers, ending with </s>.
  std::vector<int> encode(std::string_view line) const { return source.encode(words_of(line, config)); }
  /// Words of the target language as a line of text.
  std::string display(const std::vector<std::string>& words) const;
  std::string text(const Hypothesis& hypothesis) const { return display(target.decode(hypothesis.words)); }

  /// The translations of the lines, in their order; a line without a word becomes an empty line.
  std::vector<std::string> translate(std::span<const std::string> lines, const SearchOptions& options,
                                     ThreadPool& pool);

  /// Ends all training: from here on the model is in evaluation mode and its parameters must stay as they are, so that
  /// their packed forms (ops/weight_product.h) serve all sentences.
  void freeze();

  TrainConfig config;
  Vocabulary source, target;
  Seq2Seq model;

 private:
  Arena packed_memory_;
  std::optional<PackedWeights> packed_;
};

/// The mean of -log P(word) over all words of the targets, </s> included, in nats: teacher-forced, without dropout and
/// label smoothing, and one average over the whole text. Its exp is the perplexity. The model must be in evaluation
/// mode. The result does not depend on the number of threads.
double cross_entropy(Seq2Seq& model, std::span<const Pair> pairs, ThreadPool& pool);

}
