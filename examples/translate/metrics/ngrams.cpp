#include "examples/translate/metrics/ngrams.h"

#include <algorithm>
#include <compare>
#include <iterator>

namespace gradus::translate {

std::u32string WordNumbers::operator()(std::span<const std::string> words) {
  std::u32string numbers;
  for (const std::string& word : words) {
    numbers += numbers_.emplace(word, static_cast<char32_t>(numbers_.size())).first->second;
  }
  return numbers;
}

Ngrams sorted_ngrams(std::u32string_view symbols, size_t n) {
  Ngrams ngrams;
  for (size_t i = 0; i + n <= symbols.size(); ++i) ngrams.push_back(symbols.substr(i, n));
  std::ranges::sort(ngrams);
  return ngrams;
}

size_t count_common(const Ngrams& a, const Ngrams& b) {
  size_t count = 0;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    const auto order = *i <=> *j;
    count += std::is_eq(order) ? 1 : 0;
    if (std::is_lteq(order)) ++i;
    if (std::is_gteq(order)) ++j;
  }
  return count;
}

Ngrams merge(const Ngrams& a, const Ngrams& b) {
  Ngrams merged;
  std::ranges::set_union(a, b, std::back_inserter(merged));
  return merged;
}

}
