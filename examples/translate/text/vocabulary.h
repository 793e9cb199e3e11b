#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gradus::translate {

/// The words or subwords a model knows, numbered from 0: the four special ones (base/word_ids.h), then the others,
/// words in bytewise order. Special ones stand for no word of a text: one that looks alike, `</s>`, is a word as any
/// other.
class Vocabulary {
 public:
  /// Only the special words.
  Vocabulary();

  /// These words in this order, the special ones first. Throws Error for other ones first and for a word of a text that
  /// is there twice.
  static Vocabulary of(const std::vector<std::string>& words);

  /// Reads what `save` wrote: one word a line, the special words first. Throws Error naming `file:line` for a line that
  /// is empty, holds white space or repeats a word, and for missing special words.
  static Vocabulary load(const std::string& path);

  /// Writes the words, whole or not at all.
  void save(const std::string& path) const;

  size_t size() const { return words_.size(); }

  /// The number of a word of a text; kUnknown for one that is not known.
  int id(std::string_view word) const;

  /// The word numbered `id`. Throws Error for a number out of range.
  const std::string& word(int id) const;

  /// The numbers of the words, and kEnd.
  std::vector<int> encode(const std::vector<std::string>& words) const;

  /// The words up to the first kEnd, or all of them; kPad and kBegin are left out.
  std::vector<std::string> decode(const std::vector<int>& ids) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view word) const { return std::hash<std::string_view>()(word); }
  };

  /// False when the word is there already.
  bool add(std::string word);

  std::vector<std::string> words_;
  std::unordered_map<std::string, int, Hash, std::equal_to<>> ids_;
};

/// How often each word of a text occurs.
class WordFrequencies {
 public:
  void add(const std::vector<std::string>& words);

  /// The words that occur at least `min_frequency` times; of these no more than `max_size` allows, the special ones
  /// counted, the most frequent first and of equally frequent ones the bytewise smaller. 0 is no limit.
  Vocabulary vocabulary(size_t min_frequency, size_t max_size = 0) const;

 private:
  std::map<std::string, size_t> counts_;
};

}
