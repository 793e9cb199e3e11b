#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/base/choices.h"

namespace gradus::translate {

/// How lines become pieces, the units that a model reads and writes.
enum class TokenizerKind {
  Whitespace,  ///< what stands between white space, for text that is tokenised already
  Words,       ///< words and punctuation, split off here (word_tokenizer.h)
  Bpe,         ///< subwords by byte pair encoding (subwords.h)
  Unigram,     ///< subwords of a unigram language model (subwords.h)
};

template <>
inline constexpr std::array kChoices<TokenizerKind>{"whitespace", "words", "bpe", "unigram"};

/// Whether the pieces are learned from the text by sentencepiece.
inline bool is_subword(TokenizerKind kind) { return kind == TokenizerKind::Bpe || kind == TokenizerKind::Unigram; }

/// What its pieces are called: "word" or "subword".
inline const char* unit_of(TokenizerKind kind) { return is_subword(kind) ? "subword" : "word"; }

/// Cuts a line into pieces and puts pieces together again. `join(split(line))` is the line with one space between each
/// two words. No piece holds white space. Both take any text; several threads may call them at once.
class TextTokenizer {
 public:
  virtual ~TextTokenizer() = default;
  /// The pieces of a line; none if it holds only white space.
  virtual std::vector<std::string> split(std::string_view line) const = 0;
  /// The line of these pieces, which a model may have put in any order.
  virtual std::string join(const std::vector<std::string>& pieces) const = 0;
};

class WhitespaceTokenizer : public TextTokenizer {
 public:
  std::vector<std::string> split(std::string_view line) const override;
  std::string join(const std::vector<std::string>& pieces) const override;
};

}
