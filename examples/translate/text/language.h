#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/base/tokenizer_kind.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/text/text.h"
#include "examples/translate/text/tokenizer.h"
#include "examples/translate/text/vocabulary.h"

namespace gradus::translate {

/// How a text decides what the words of its languages are.
struct LanguageOptions {
  TokenizerKind tokenizer = TokenizerKind::Whitespace;
  int vocabulary_size = 0;  ///< of each language, special words included; 0: 8000 subwords, or words without limit
  bool joint = false;       ///< one vocabulary for both languages
  int min_frequency = 1;    ///< of a word; without effect on subwords
  bool lowercase = false;
  bool target_elides = false;  ///< the words of the target are those of ElisionTokenizer
};

/// One side of a translator: how its lines become pieces, and the numbers of these.
struct Language {
  /// Words between white space, those of `vocabulary`.
  explicit Language(Vocabulary vocabulary);
  Language(std::shared_ptr<const TextTokenizer> tokenizer, Vocabulary vocabulary, bool lowercase,
           std::string model = {});

  /// The pieces of a line.
  std::vector<std::string> split(std::string_view line) const;
  /// Their numbers, and </s>.
  std::vector<int> encode(std::string_view line) const { return vocabulary.encode(split(line)); }
  /// Whether a line must have more than so many pieces, as the number of its characters tells. To cut it into subwords
  /// only to count them would take 300 times its memory.
  bool surely_exceeds(std::string_view line, size_t pieces) const;
  /// The pieces of a line that the vocabulary does not have, each once.
  std::vector<std::string> unknown(std::string_view line) const;
  /// The line that the numbers up to the first </s> stand for.
  std::string text(const std::vector<int>& ids) const { return tokenizer->join(vocabulary.decode(ids)); }

  /// Writes `stem`.vocab, or for subwords `stem`.model, whole or not at all.
  void save(const std::string& stem) const;

  std::shared_ptr<const TextTokenizer> tokenizer;
  Vocabulary vocabulary;
  bool lowercase = false;
  std::string model;  ///< the file of sentencepiece that the pieces come from; empty for words

 private:
  size_t longest_piece_ = 0;  // characters of the longest subword; 0 for words, which may have any number
};

/// The two languages of a translation.
struct Languages {
  Language source, target;

  /// The pairs as numbers, each side ending with </s>.
  std::vector<Pair> encode(const ParallelText& text) const;
};

/// Lines from which the subwords of a language are learned, at most: all of a shorter text, of a longer one a sample,
/// always the same. Lines of both sides count if they have one vocabulary.
inline constexpr size_t kSubwordLines = 1'000'000;

/// What the options let the training text decide: the subwords, or the vocabulary of its words. Throws Error when the
/// vocabulary's size is too small for the text, naming the language and the size that is not.
Languages learn_languages(const TextStream& train, const LanguageOptions& options);

/// Reads what `save` wrote in both languages. Throws Error naming the file that is missing or damaged.
Languages load_languages(const std::string& source_stem, const std::string& target_stem,
                         const LanguageOptions& options);

}
