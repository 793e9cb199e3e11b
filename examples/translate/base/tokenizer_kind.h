#pragma once

#include "examples/translate/base/choices.h"

namespace gradus::translate {

/// How lines become pieces, the units that a model reads and writes.
enum class TokenizerKind {
  Whitespace,  ///< what stands between white space, for text that is tokenised already
  Words,       ///< words and punctuation, split off here (text/word_tokenizer.h)
  Bpe,         ///< subwords by byte pair encoding (text/subwords.h)
  Unigram,     ///< subwords of a unigram language model (text/subwords.h)
};

template <>
inline constexpr std::array kChoices<TokenizerKind>{"whitespace", "words", "bpe", "unigram"};

/// Whether the pieces are learned from the text by sentencepiece.
inline bool is_subword(TokenizerKind kind) { return kind == TokenizerKind::Bpe || kind == TokenizerKind::Unigram; }

/// What its pieces are called: "word" or "subword".
inline const char* unit_of(TokenizerKind kind) { return is_subword(kind) ? "subword" : "word"; }

}
