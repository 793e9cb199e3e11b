#include "examples/translate/vocabulary.h"

#include <map>

#include "autograd/error.h"
#include "examples/translate/text.h"
#include "examples/translate/unicode.h"
#include "nn/atomic_file.h"

namespace gradus::translate {

namespace {

constexpr const char* kSpecialWords[] = {"<pad>", "<unk>", "<s>", "</s>"};

}

Vocabulary::Vocabulary() {
  for (const char* word : kSpecialWords) add(word);
}

bool Vocabulary::add(std::string word) {
  if (!ids_.emplace(word, static_cast<int>(words_.size())).second) return false;
  words_.push_back(std::move(word));
  return true;
}

Vocabulary Vocabulary::build(const std::vector<std::vector<std::string>>& sentences, size_t min_frequency) {
  std::map<std::string_view, size_t> frequencies;  // std::string_view compares bytes as unsigned: sorted as wanted
  for (const auto& sentence : sentences) {
    for (const std::string& word : sentence) ++frequencies[word];
  }
  Vocabulary vocabulary;
  for (const auto& [word, frequency] : frequencies) {
    if (frequency >= min_frequency) vocabulary.add(std::string(word));
  }
  return vocabulary;
}

Vocabulary Vocabulary::load(const std::string& path) {
  std::vector<std::string> lines = read_lines(path);
  Vocabulary vocabulary;
  for (size_t i = 0; i < vocabulary.size(); ++i) {
    if (i >= lines.size() || lines[i] != kSpecialWords[i]) {
      fail("{}:{}: not a vocabulary: the first lines must be <pad>, <unk>, <s> and </s>", path, i + 1);
    }
  }
  for (size_t i = vocabulary.size(); i < lines.size(); ++i) {
    const std::vector<std::string_view> words = split_words(lines[i]);
    if (words.size() != 1 || words[0].size() != lines[i].size()) {
      fail("{}:{}: not a word: '{}'; a vocabulary has one word a line, without white space", path, i + 1, lines[i]);
    }
    if (!vocabulary.add(lines[i])) fail("{}:{}: the word '{}' stands here a second time", path, i + 1, lines[i]);
  }
  return vocabulary;
}

void Vocabulary::save(const std::string& path) const {
  std::string bytes;
  for (const std::string& word : words_) bytes += word + '\n';
  write_file_atomically(path, bytes);
}

int Vocabulary::id(std::string_view word) const {
  const auto found = ids_.find(word);
  return found == ids_.end() ? kUnknown : found->second;
}

const std::string& Vocabulary::word(int id) const {
  if (id < 0 || static_cast<size_t>(id) >= size()) fail("vocabulary: no word {}: there are {} words", id, size());
  return words_[static_cast<size_t>(id)];
}

std::vector<int> Vocabulary::encode(const std::vector<std::string>& words) const {
  std::vector<int> ids;
  ids.reserve(words.size() + 1);
  for (const std::string& word : words) ids.push_back(id(word));
  ids.push_back(kEnd);
  return ids;
}

std::vector<std::string> Vocabulary::decode(const std::vector<int>& ids) const {
  std::vector<std::string> words;
  for (const int id : ids) {
    if (id == kEnd) break;
    if (id != kPad && id != kBegin) words.push_back(word(id));
  }
  return words;
}

}
