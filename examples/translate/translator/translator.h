#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/config/config.h"
#include "examples/translate/model/batch.h"
#include "examples/translate/model/model.h"
#include "examples/translate/search/search.h"
#include "examples/translate/translator/language.h"
#include "ops/gemm/weight_product.h"

namespace gradus::translate {

/// A model with the languages that its numbers stand for: text in, text out.
struct Translator {
  /// A new model of the configured shape for these languages.
  Translator(const TrainConfig& config, Languages languages);

  std::string text(const Hypothesis& hypothesis) const { return target.text(hypothesis.words); }
  /// The pairs as numbers, each side ending with </s>.
  std::vector<Pair> encode(const ParallelText& text) const;

  /// The translations of the lines, in their order; a line without a word becomes an empty line.
  std::vector<std::string> translate(std::span<const std::string> lines, const SearchOptions& options,
                                     ThreadPool& pool);

  /// Ends all training: from here on the model is in evaluation mode and its parameters must stay as they are, so that
  /// their packed forms (ops/gemm/weight_product.h) serve all sentences.
  void freeze();

  TrainConfig config;
  Language source, target;
  Seq2Seq model;

 private:
  Arena packed_memory_;
  std::optional<PackedWeights> packed_;
};

/// The mean of -log P(word) over all words, or subwords, of the targets, </s> included, in nats: teacher-forced,
/// without dropout and label smoothing, and one average over the whole text. Its exp is the perplexity. The model must
/// be in evaluation mode. The result does not depend on the number of threads.
double cross_entropy(Seq2Seq& model, std::span<const Pair> pairs, ThreadPool& pool);

}
