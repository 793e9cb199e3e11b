#include "examples/translate/base/join_words.h"

namespace gradus::translate {

std::string join_words(const std::vector<std::string>& words, std::string_view separator) {
  std::string line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) line += separator;
    line += words[i];
  }
  return line;
}

}
