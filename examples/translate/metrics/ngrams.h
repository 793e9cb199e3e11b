#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// Numbers words, equal ones alike, so that n-grams of words are handled as those of characters are.
class WordNumbers {
 public:
  std::u32string operator()(std::span<const std::string> words);

 private:
  std::map<std::string, char32_t, std::less<>> numbers_;
};

/// Runs of n symbols, sorted, each as often as it occurs: a multiset. They are views into the symbols.
using Ngrams = std::vector<std::u32string_view>;
Ngrams sorted_ngrams(std::u32string_view symbols, size_t n);

/// The n-grams that both have, each as often as the one has it that has it less often: |a ∩ b|.
size_t count_common(const Ngrams& a, const Ngrams& b);

/// The n-grams that either has, each as often as the one has it that has it more often: a ∪ b.
Ngrams merge(const Ngrams& a, const Ngrams& b);

}
