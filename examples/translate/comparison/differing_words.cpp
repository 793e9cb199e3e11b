#include "examples/translate/comparison/differing_words.h"

#include "examples/translate/metrics/edit_distance.h"
#include "examples/translate/metrics/ngrams.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

/// Marks the words that are not in the other translation.
void mark(std::vector<MarkedWord>& words, std::u32string_view numbers, std::u32string_view others) {
  EditDistance distance(others, numbers.size());
  distance(numbers);
  const std::vector<bool> differs = distance.alignment().hypothesis_error;
  for (size_t i = 0; i < words.size(); ++i) words[i].differs = words[i].differs || differs[i];
}

}

std::vector<std::vector<MarkedWord>> mark_differing_words(std::span<const std::string> translations) {
  std::vector<std::vector<MarkedWord>> marked;
  std::vector<std::u32string> numbers;
  WordNumbers number;
  for (const std::string& translation : translations) {
    const std::vector<std::string_view> words = split_words(translation);
    numbers.push_back(number(std::vector<std::string>(words.begin(), words.end())));
    std::vector<MarkedWord>& of_one = marked.emplace_back();
    for (const std::string_view word : words) of_one.push_back({std::string(word)});
  }
  for (size_t i = 0; i < marked.size(); ++i) {
    for (size_t k = 0; k < marked.size(); ++k) {
      if (k != i) mark(marked[i], numbers[i], numbers[k]);
    }
  }
  return marked;
}

}
