#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/search/search.h"
#include "examples/translate/translator/translator.h"
#include "nn/parallel/local_transport.h"

/// What one translator, or several together, make of text. All of it is given up, by the exception Interrupted, if
/// somebody interrupts work that has a guard (base/interrupt.h).

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

/// The best of them as text; a line without a word becomes an empty line. The ranks share the lines.
std::vector<std::string> best_translations(std::span<Translator* const> models, std::span<const std::string> lines,
                                           const SearchOptions& options, ThreadPool& pool,
                                           Transport& transport = alone());
std::vector<std::string> best_translations(Translator& model, std::span<const std::string> lines,
                                           const SearchOptions& options, ThreadPool& pool,
                                           Transport& transport = alone());

/// log P(y_t | y_1 … y_{t-1}, source) of every word of every translation, its </s> included, as `score_targets`.
std::vector<std::vector<double>> score_pairs(std::span<Translator* const> models, const ParallelText& text,
                                             ThreadPool& pool);

/// The mean of -log P(word) over all words, or subwords, of the targets, </s> included, in nats: teacher-forced,
/// without dropout and label smoothing, and one average over the whole text. Its exp is the perplexity. The model must
/// be in evaluation mode. The ranks share the pairs; the result does not depend on their number, nor on that of the
/// threads.
double cross_entropy(Seq2Seq& model, Pairs pairs, ThreadPool& pool, Transport& transport = alone());
/// The mean of -log P(word), of the probabilities' means over several models.
double cross_entropy(std::span<Translator* const> models, const ParallelText& text, ThreadPool& pool,
                     Transport& transport = alone());

}
