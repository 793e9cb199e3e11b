#include "examples/translate/search/allowed_words.h"

#include <algorithm>

#include "examples/translate/base/word_ids.h"

namespace gradus::translate {

AllowedWords::AllowedWords(const SearchOptions& options, const LengthLimits& limits, std::span<const int> words)
    : unknown_(options.unknown) {
  const int length = static_cast<int>(words.size());
  must_end_ = length >= limits.max;
  may_end_ = must_end_ || length >= limits.min;
  if (options.no_repeat_ngram > 0) repeating_ = repeating_words(words, options.no_repeat_ngram);
}

bool AllowedWords::operator()(int word) const {
  if (word == kEnd) return may_end_;
  const bool special = word < kEnd;  // the vocabulary's words come after </s>
  if (must_end_ || (special && !(unknown_ && word == kUnknown))) return false;
  return std::find(repeating_.begin(), repeating_.end(), word) == repeating_.end();
}

std::vector<int> repeating_words(std::span<const int> words, int n) {
  const std::size_t before = n - 1;
  std::vector<int> result;
  if (words.size() < before) return result;
  const std::span<const int> last = words.last(before);
  for (std::size_t i = 0; i + before < words.size(); ++i) {
    if (std::equal(last.begin(), last.end(), words.begin() + i)) result.push_back(words[i + before]);
  }
  return result;
}

}
