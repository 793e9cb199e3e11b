#pragma once

#include <string>
#include <string_view>

#include "examples/translate/translator/translate.h"
#include "examples/translate/translator/unknown_words.h"

namespace gradus::translate {

/// How `gradus translate` writes what it found.
struct OutputOptions {
  bool n_best = false;      ///< all hypotheses, as `LINE ||| translation ||| log-probability ||| score`, lines from 0
  bool alignments = false;  ///< with ` ||| 0-0 1-2` after the translation
  bool json = false;        ///< a JSON object a line instead
  bool attention = false;   ///< the attention weights, in JSON
  bool replace_unknown = false;
};

/// Writes the translations of an ensemble as text.
class TranslationWriter {
 public:
  /// `words`: whose target vocabulary and whose way of displaying it holds
  TranslationWriter(const Translator& words, const OutputOptions& options, Dictionary dictionary)
      : words_(words), options_(options), dictionary_(std::move(dictionary)) {}

  /// What is written for one line of the input, line ends included. `number` counts the lines from 0. A line without a
  /// word has a single translation without a word, of probability 1.
  std::string write(const Translation& translation, std::string_view line, std::uint64_t number) const;

  /// One of the hypotheses, without a line end.
  std::string text(const Translation& translation, const Hypothesis& hypothesis) const;

 private:
  std::vector<std::string> target_words(const Translation& translation, const Hypothesis& hypothesis) const;
  std::string json(const Translation& translation, const NBest& n_best, std::string_view line) const;

  const Translator& words_;
  OutputOptions options_;
  Dictionary dictionary_;
};

}
