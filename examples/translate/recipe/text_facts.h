#pragma once

#include <cstddef>

#include "examples/translate/text/text.h"

namespace gradus::translate {

/// What can be seen of one side of a text before anything is learned from it. Words are those between white space.
struct SideFacts {
  std::size_t words = 0;
  std::size_t letters = 0;   ///< characters of all words
  std::size_t longest = 0;   ///< words of the longest lines, one in a thousand left aside
  std::size_t joined = 0;    ///< punctuation marks that touch a word, as in no tokenised text
  std::size_t separate = 0;  ///< those that stand alone
};

/// What can be seen of a parallel text.
struct TextFacts {
  std::size_t pairs = 0;
  SideFacts source, target;
  std::size_t letters = 0;    ///< different characters of both sides
  double shared_letters = 0;  ///< share of the target's characters that the source has, too

  /// Whether it is raw, as people write it, and not tokenised: most punctuation touches words.
  bool is_raw() const;
  /// Whether words stand between spaces; in Chinese, say, they don't.
  bool has_spaces() const;
};

TextFacts text_facts(const TextStream& text);

}
