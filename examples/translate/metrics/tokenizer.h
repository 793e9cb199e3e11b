#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/base/choices.h"

namespace gradus::translate {

/// How BLEU splits a line into words.
enum class Tokenizer {
  k13a,   ///< ASCII punctuation split off as NIST's mteval-v13a does
  kIntl,  ///< punctuation and symbols of any script split off, as mteval-v14 --international-tokenization does
  kChar,  ///< every character a word
  kNone,  ///< what stands between white space, for text that is tokenised already
};
template <>
inline constexpr std::array kChoices<Tokenizer>{"13a", "intl", "char", "none"};

std::vector<std::string> tokenize(std::string_view line, Tokenizer tokenizer);

/// What TER does with a line before it compares words, as the program Tercom does it (Snover et al. 2006).
struct TercomOptions {
  bool normalized = false;  ///< split off punctuation and possessive 's, and read XML entities
  bool no_punct = false;    ///< leave out punctuation
  bool asian_support =
      false;  ///< let the two options above see Chinese and Japanese too, of which each ideograph is a word
  bool case_sensitive = false;  ///< else everything is compared in lower case
};

std::vector<std::string> tokenize_tercom(std::string_view line, const TercomOptions& options);

}
