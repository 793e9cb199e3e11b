#include "examples/translate/recipe/text_facts.h"

#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

constexpr double kLettersOfAWord = 12;  // at most, on average; German has 5.5

using Letters = std::unordered_map<char32_t, std::size_t>;

/// Looks at the lines of one side, one after the other.
struct SideReader {
  SideFacts facts;
  Letters letters;
  std::map<std::size_t, std::size_t> lengths;  ///< how many lines have so many words

  void add(std::string_view line) {
    const std::vector<std::string_view> words = split_words(line);
    ++lengths[words.size()];
    facts.words += words.size();
    for (const std::string_view word : words) {
      const std::u32string characters = code_points(word);
      for (const char32_t character : characters) ++letters[character];
      facts.letters += characters.size();
      // A mark at the end of a word may be joined to it. Those at its head, and inside, tell less: '30s, 3.5.
      if (is_punctuation(characters.back())) ++(characters.size() > 1 ? facts.joined : facts.separate);
    }
  }

  /// The words of the longest of so many lines, one in a thousand left aside.
  std::size_t longest(std::size_t lines) const {
    std::size_t aside = lines / 1000;
    for (auto length = lengths.rbegin(); length != lengths.rend(); aside -= length->second, ++length) {
      if (length->second > aside) return length->first;
    }
    return 0;
  }
};

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

TextFacts text_facts(const TextStream& text) {
  SideReader source, target;
  text.for_each([&](std::string_view source_line, std::string_view target_line, std::size_t) {
    source.add(source_line);
    target.add(target_line);
  });
  source.facts.longest = source.longest(text.size());
  target.facts.longest = target.longest(text.size());
  TextFacts facts{.pairs = text.size(), .source = source.facts, .target = target.facts};
  std::size_t shared = 0;
  facts.letters = source.letters.size();
  for (const auto& [letter, count] : target.letters) {
    if (source.letters.contains(letter)) {
      shared += count;
    } else {
      ++facts.letters;
    }
  }
  facts.shared_letters = static_cast<double>(shared) / static_cast<double>(facts.target.letters);
  return facts;
}

}
