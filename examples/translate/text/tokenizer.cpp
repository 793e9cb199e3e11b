#include "examples/translate/text/tokenizer.h"

#include "examples/translate/base/join_words.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

std::vector<std::string> WhitespaceTokenizer::split(std::string_view line) const {
  const std::vector<std::string_view> words = split_words(line);
  return {words.begin(), words.end()};
}

std::string WhitespaceTokenizer::join(const std::vector<std::string>& pieces) const { return join_words(pieces); }

}
