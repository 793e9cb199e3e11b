#include "examples/translate/translator/unknown_words.h"

#include <algorithm>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/text/text.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

/// The source position, below `end`, that word i of a hypothesis attended to most.
int most_attended(const Hypothesis& hypothesis, size_t i, size_t end) {
  const size_t length = hypothesis.attention.size() / (hypothesis.words.size() + 1);
  const auto row = hypothesis.attention.begin() + static_cast<std::ptrdiff_t>(i * length);
  return static_cast<int>(std::max_element(row, row + static_cast<std::ptrdiff_t>(end)) - row);
}

}

std::vector<Link> alignment(const Hypothesis& hypothesis) {
  return most_attended(hypothesis.attention, hypothesis.attention.size() / (hypothesis.words.size() + 1));
}

Dictionary Dictionary::load(const std::string& path) {
  Dictionary dictionary;
  const std::vector<std::string> lines = read_lines(path);
  const std::string name = input_name(path);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (split_words(line).empty()) continue;
    const size_t tab = line.find('\t');
    if (tab == std::string::npos || line.find('\t', tab + 1) != std::string::npos)
      fail("{}:{}: not a dictionary entry: '{}'; need a source word, one tab, and its translation", name, i + 1, line);
    const std::vector<std::string_view> source = split_words(std::string_view(line).substr(0, tab));
    const std::vector<std::string_view> target = split_words(std::string_view(line).substr(tab + 1));
    if (source.size() != 1) fail("{}:{}: {} words before the tab; need one source word", name, i + 1, source.size());
    if (target.empty()) fail("{}:{}: the word '{}' has no translation", name, i + 1, source[0]);
    const std::string translation = join_words({target.begin(), target.end()});
    if (!dictionary.translations_.emplace(source[0], translation).second)
      fail("{}:{}: the word '{}' stands here a second time", name, i + 1, source[0]);
  }
  return dictionary;
}

const std::string& Dictionary::translation(const std::string& word) const {
  const auto found = translations_.find(word);
  return found == translations_.end() ? word : found->second;
}

void replace_unknown(std::vector<std::string>& target, const Hypothesis& hypothesis,
                     const std::vector<std::string>& source, const Dictionary& dictionary) {
  for (size_t i = 0; i < hypothesis.words.size(); ++i) {
    if (hypothesis.words[i] != kUnknown) continue;
    target[i] = dictionary.translation(source[static_cast<size_t>(most_attended(hypothesis, i, source.size()))]);
  }
}

}
