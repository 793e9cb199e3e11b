#include "examples/translate/text/elision.h"

#include "examples/translate/text/unicode.h"

namespace gradus::translate {

std::vector<std::string> ElisionTokenizer::split(std::string_view line) const {
  constexpr size_t kLongestElided = 3;  // qu', but aujourd'hui is one word
  std::vector<std::string> words;
  for (std::string_view token : split_words(line)) {
    for (size_t at = token.find('\''); at < kLongestElided && at + 1 < token.size(); at = token.find('\'')) {
      words.emplace_back(token.substr(0, at + 1));
      token.remove_prefix(at + 1);
    }
    words.emplace_back(token);
  }
  return words;
}

std::string ElisionTokenizer::join(const std::vector<std::string>& pieces) const {
  std::string line;
  for (const std::string& piece : pieces) {
    if (!line.empty() && !line.ends_with('\'')) line += ' ';
    line += piece;
  }
  return line;
}

}
