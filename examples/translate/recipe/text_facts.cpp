#include "examples/translate/recipe/text_facts.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

constexpr double kLettersOfAWord = 12;  // at most, on average; German has 5.5

using Letters = std::unordered_map<char32_t, std::size_t>;

SideFacts side_facts(const std::vector<std::string>& lines, Letters& letters) {
  SideFacts facts;
  std::vector<std::size_t> lengths;
  for (const std::string& line : lines) {
    const std::vector<std::string_view> words = split_words(line);
    lengths.push_back(words.size());
    facts.words += words.size();
    for (const std::string_view word : words) {
      const std::u32string characters = code_points(word);
      for (const char32_t character : characters) ++letters[character];
      facts.letters += characters.size();
      // A mark at the end of a word may be joined to it. Those at its head, and inside, tell less: '30s, 3.5.
      if (is_punctuation(characters.back())) ++(characters.size() > 1 ? facts.joined : facts.separate);
    }
  }
  const auto longest = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() - 1 - lengths.size() / 1000);
  std::ranges::nth_element(lengths, longest);
  facts.longest = *longest;
  return facts;
}

}

bool TextFacts::is_raw() const {
  return source.joined + target.joined > source.separate + target.separate || !has_spaces();
}

bool TextFacts::has_spaces() const {
  const auto spaced = [](const SideFacts& side) {
    return static_cast<double>(side.letters) < kLettersOfAWord * static_cast<double>(side.words);
  };
  return spaced(source) && spaced(target);
}

TextFacts text_facts(const ParallelText& text) {
  TextFacts facts;
  Letters source, target;
  facts.pairs = text.source.size();
  facts.source = side_facts(text.source, source);
  facts.target = side_facts(text.target, target);
  std::size_t shared = 0;
  facts.letters = source.size();
  for (const auto& [letter, count] : target) {
    if (source.contains(letter)) {
      shared += count;
    } else {
      ++facts.letters;
    }
  }
  facts.shared_letters = static_cast<double>(shared) / static_cast<double>(facts.target.letters);
  return facts;
}

}
