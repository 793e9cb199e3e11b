#include "examples/translate/recipe/warnings.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

namespace gradus::translate {

namespace {

constexpr std::size_t kBlock = 500, kLeastBlock = 100;  // pairs whose lengths are compared together
constexpr double kLeastCorrelation =
    0.2;  // of translations' lengths; sentences of Multi30k have 0.7 or more, other lines' 0
constexpr double kLeastSpread = 0.15;      // of the logarithm of lengths, below which they tell nothing
constexpr std::size_t kWordsOfAPiece = 8;  // at least, of the text for each piece of the vocabulary

/// A sample of two numbers, and how they go together.
struct Correlation {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;

  void add(double a, double b) { n += 1, x += a, y += b, xx += a * a, xy += a * b, yy += b * b; }
  double deviation_x() const { return std::sqrt(std::max(0.0, xx / n - x / n * (x / n))); }
  double deviation_y() const { return std::sqrt(std::max(0.0, yy / n - y / n * (y / n))); }
  double value() const { return (xy / n - x / n * (y / n)) / (deviation_x() * deviation_y()); }
};

using PairView = std::pair<std::string_view, std::string_view>;

std::string percent(std::size_t part, std::size_t whole) {
  return fmt::format("{:.3g} %", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

/// Counts of the pairs of a text.
std::map<PairView, std::size_t> count_pairs(const ParallelText& text) {
  std::map<PairView, std::size_t> counts;
  for (std::size_t i = 0; i < text.source.size(); ++i) ++counts[{text.source[i], text.target[i]}];
  return counts;
}

}

std::size_t misaligned_from(const ParallelText& text) {
  const std::size_t pairs = text.source.size(), block = std::min(kBlock, pairs);
  if (block < kLeastBlock) return 0;
  for (std::size_t first = 0; first + block <= pairs; first += block) {
    Correlation lengths;
    for (std::size_t i = first; i < first + block; ++i) {
      lengths.add(std::log(static_cast<double>(text.source[i].size())),
                  std::log(static_cast<double>(text.target[i].size())));
    }
    const bool telling = lengths.deviation_x() > kLeastSpread && lengths.deviation_y() > kLeastSpread;
    if (telling && lengths.value() < kLeastCorrelation) return text.lines[first];
  }
  return 0;
}

std::vector<std::string> text_warnings(const CorpusText& text, const TextFacts& facts, const TrainConfig& config) {
  std::vector<std::string> warnings;
  const auto &source = text.train.source, &target = text.train.target;
  const std::size_t pairs = source.size();

  std::size_t same = 0;
  for (std::size_t i = 0; i < pairs; ++i) same += source[i] == target[i] ? 1 : 0;
  if (2 * same > pairs) {
    warnings.push_back(fmt::format(
        "source and target are the same in {} of the training pairs; was a file given twice?", percent(same, pairs)));
  } else if (const std::size_t line = misaligned_from(text.train); line > 0) {
    warnings.push_back(fmt::format(
        "around line {} the lengths of source and target have nothing to do with each other: does line n of one file "
        "still translate line n of the other there?",
        line));
  }

  const std::map<PairView, std::size_t> counts = count_pairs(text.train);
  std::size_t learned = 0;
  for (std::size_t i = 0; i < text.valid.source.size(); ++i)
    learned += counts.contains({text.valid.source[i], text.valid.target[i]}) ? 1 : 0;
  if (10 * learned >= text.valid.source.size()) {
    warnings.push_back(
        fmt::format("{} of the validation pairs are training pairs, too, so that BLEU says little about other text; "
                    "leave out --valid, "
                    "and pairs are held out",
                    percent(learned, text.valid.source.size())));
  }
  if (const std::size_t twice = pairs - counts.size(); 5 * twice >= pairs) {
    warnings.push_back(fmt::format("{} of the training pairs repeat an earlier one; without them training is faster",
                                   percent(twice, pairs)));
  }
  if (config.tokenizer == TokenizerKind::Whitespace && facts.is_raw() && !config.toy) {
    warnings.emplace_back(
        "the text is raw (punctuation touches words), and whitespace takes \"word.\" for another word than \"word\"; "
        "leave "
        "out --tokenizer, or try --tokenizer bpe");
  }
  const std::size_t words = facts.source.words + facts.target.words;
  const auto pieces = static_cast<std::size_t>(config.vocabulary_size) * (config.joint ? 1 : 2);
  if (kWordsOfAPiece * pieces > words && is_subword(config.tokenizer)) {
    warnings.push_back(
        fmt::format("--vocabulary-size {} is large for a text of {} words: most pieces are too rare to be learned",
                    int{config.vocabulary_size}, words));
  }
  return warnings;
}

}
