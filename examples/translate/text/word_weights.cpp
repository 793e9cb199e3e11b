#include "examples/translate/text/word_weights.h"

#include <algorithm>

#include "examples/translate/text/unicode.h"

namespace gradus::translate {

std::vector<int> words_of_pieces(const TextTokenizer& tokenizer, const std::vector<std::string>& pieces) {
  std::vector<int> result;
  std::vector<std::string> begun;
  std::vector<std::string> words;
  int last = 0;
  for (const std::string& piece : pieces) {
    begun.push_back(piece);
    const std::string line = tokenizer.join(begun);
    const std::vector<std::string_view> longer = split_words(line);
    if (std::ranges::equal(longer, words)) continue;  // a piece that is a space: it belongs to the next word
    words.assign(longer.begin(), longer.end());
    last = std::max(static_cast<int>(words.size()), 1) - 1;
    result.resize(begun.size(), last);
  }
  result.resize(pieces.size(), last);
  result.push_back(static_cast<int>(words.size()));
  return result;
}

WordWeights::WordWeights(size_t target_words, size_t source_words)
    : columns_(source_words + 1), weights_((target_words + 1) * columns_) {}

void WordWeights::add(std::span<const Real> attention, std::span<const int> target_words,
                      std::span<const int> source_words) {
  size_t k = 0;
  for (const int target : target_words) {
    double* const row = &weights_[static_cast<size_t>(target) * columns_];
    for (const int source : source_words) row[source] += static_cast<double>(attention[k++]);
  }
}

}
