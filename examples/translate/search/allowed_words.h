#pragma once

#include <span>
#include <vector>

#include "examples/translate/search/search_options.h"

namespace gradus::translate {

/// Which words may follow an open hypothesis: never <pad> or <s>, </s> from the shortest length on, at the greatest
/// length nothing else, and no word that would complete a forbidden repetition.
class AllowedWords {
 public:
  /// `words`: those of the hypothesis
  AllowedWords(const SearchOptions& options, const LengthLimits& limits, std::span<const int> words);

  bool operator()(int word) const;
  bool must_end() const { return must_end_; }

 private:
  bool unknown_, may_end_, must_end_;
  std::vector<int> repeating_;  // words after which an n-gram would stand there twice
};

/// The words that, put after `words`, would make an n-gram that is there already. n: at least 1; for 1 all words.
std::vector<int> repeating_words(std::span<const int> words, int n);

}
