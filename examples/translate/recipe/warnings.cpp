#include "examples/translate/recipe/warnings.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "nn/storage/checksum.h"

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

std::string percent(std::size_t part, std::size_t whole) {
  return fmt::format("{:.3g} %", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

std::uint64_t hash_of_pair(std::string_view source, std::string_view target) {
  return hash_of(hash_of(0, source), target);
}

/// What tells of copies in a text: 8 bytes a pair.
struct Copies {
  std::vector<std::uint64_t> pairs;  ///< a hash of each, sorted
  std::size_t same = 0;              ///< pairs whose source is their target

  explicit Copies(const TextStream& text) {
    pairs.reserve(text.size());
    text.for_each([&](std::string_view source, std::string_view target, std::size_t) {
      pairs.push_back(hash_of_pair(source, target));
      same += source == target ? 1 : 0;
    });
    std::ranges::sort(pairs);
  }

  bool contain(std::string_view source, std::string_view target) const {
    return std::ranges::binary_search(pairs, hash_of_pair(source, target));
  }
  /// How many pairs repeat an earlier one.
  std::size_t repeated() const {
    std::size_t count = 0;
    for (std::size_t i = 1; i < pairs.size(); ++i) count += pairs[i] == pairs[i - 1] ? 1 : 0;
    return count;
  }
};

}

std::size_t misaligned_from(const TextStream& text) {
  const std::size_t block = std::min(kBlock, text.size());
  if (block < kLeastBlock) return 0;
  std::size_t count = 0, begin = 0, found = 0;
  Correlation lengths;
  text.for_each([&](std::string_view source, std::string_view target, std::size_t line) {
    if (count++ % block == 0) {
      begin = line;
      lengths = {};
    }
    lengths.add(std::log(static_cast<double>(source.size())), std::log(static_cast<double>(target.size())));
    if (found > 0 || count % block != 0) return;
    const bool telling = lengths.deviation_x() > kLeastSpread && lengths.deviation_y() > kLeastSpread;
    if (telling && lengths.value() < kLeastCorrelation) found = begin;
  });
  return found;
}

std::vector<std::string> text_warnings(const CorpusText& text, const TextFacts& facts, const TrainConfig& config) {
  std::vector<std::string> warnings;
  const std::size_t pairs = text.train.size();
  const Copies copies(text.train);
  if (2 * copies.same > pairs) {
    warnings.push_back(
        fmt::format("source and target are the same in {} of the training pairs; was a file given twice?",
                    percent(copies.same, pairs)));
  } else if (const std::size_t line = misaligned_from(text.train); line > 0) {
    warnings.push_back(fmt::format(
        "around line {} the lengths of source and target have nothing to do with each other: does line n of one file "
        "still translate line n of the other there?",
        line));
  }

  std::size_t learned = 0;
  for (std::size_t i = 0; i < text.valid.source.size(); ++i)
    learned += copies.contain(text.valid.source[i], text.valid.target[i]) ? 1 : 0;
  if (10 * learned >= text.valid.source.size()) {
    warnings.push_back(
        fmt::format("{} of the validation pairs are training pairs, too, so that BLEU says little about other text; "
                    "leave out --valid, "
                    "and pairs are held out",
                    percent(learned, text.valid.source.size())));
  }
  if (const std::size_t twice = copies.repeated(); 5 * twice >= pairs) {
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
