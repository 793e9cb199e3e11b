#include "examples/translate/text/vocabulary.h"

#include <algorithm>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/text/text.h"
#include "examples/translate/text/unicode.h"
#include "nn/storage/atomic_file.h"

namespace gradus::translate {

namespace {

constexpr const char* kSpecialWords[] = {"<pad>", "<unk>", "<s>", "</s>"};

}

Vocabulary::Vocabulary() { words_.assign(std::begin(kSpecialWords), std::end(kSpecialWords)); }

bool Vocabulary::add(std::string word) {
  if (!ids_.emplace(word, static_cast<int>(words_.size())).second) return false;
  words_.push_back(std::move(word));
  return true;
}

Vocabulary Vocabulary::of(const std::vector<std::string>& words) {
  Vocabulary vocabulary;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool special = i < std::size(kSpecialWords);
    if (special ? words[i] != kSpecialWords[i] : !vocabulary.add(words[i]))
      fail("vocabulary: '{}' cannot be word {}: {}", words[i], i,
           special ? "a special word stands there" : "it is there already");
  }
  return vocabulary;
}

void WordFrequencies::add(const std::vector<std::string>& words) {
  for (const std::string& word : words) ++counts_[word];
}

Vocabulary WordFrequencies::vocabulary(size_t min_frequency, size_t max_size) const {
  std::vector<std::pair<std::string_view, size_t>> chosen;  // std::string compares bytes as unsigned: sorted as wanted
  for (const auto& [word, count] : counts_) {
    if (count >= min_frequency) chosen.emplace_back(word, count);
  }
  const size_t limit = max_size == 0 ? chosen.size() : max_size - std::min(max_size, std::size(kSpecialWords));
  if (chosen.size() > limit) {
    std::ranges::stable_sort(chosen, std::ranges::greater(), &std::pair<std::string_view, size_t>::second);
    chosen.resize(limit);
    std::ranges::sort(chosen);
  }
  std::vector<std::string> words(std::begin(kSpecialWords), std::end(kSpecialWords));
  for (const auto& [word, count] : chosen) words.emplace_back(word);
  return Vocabulary::of(words);
}

Vocabulary Vocabulary::load(const std::string& path) {
  Vocabulary vocabulary;
  const size_t special = vocabulary.size();
  vocabulary.words_ = read_words(path);
  const std::vector<std::string>& words = vocabulary.words_;
  for (size_t i = 0; i < special; ++i) {
    if (i >= words.size() || words[i] != kSpecialWords[i]) {
      fail("{}:{}: not a vocabulary: the first lines must be <pad>, <unk>, <s> and </s>", path, i + 1);
    }
  }
  vocabulary.ids_.reserve(words.size() - special);
  for (size_t i = special; i < words.size(); ++i) {
    const std::vector<std::string_view> parts = split_words(words[i]);
    if (parts.size() != 1 || parts[0].size() != words[i].size()) {
      fail("{}:{}: not a word: '{}'; a vocabulary has one word a line, without white space", path, i + 1, words[i]);
    }
    if (!vocabulary.ids_.emplace(words[i], static_cast<int>(i)).second)
      fail("{}:{}: the word '{}' stands here a second time", path, i + 1, words[i]);
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
