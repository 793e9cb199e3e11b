#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "examples/translate/base/word_ids.h"

namespace gradus::translate {

/// Sentence pairs as word numbers, each side ending with </s>, wherever they lie: in a list, or all words one after the
/// other, as in a mapped file (data/token_file.h). What they lie in must outlive this.
class Pairs {
 public:
  Pairs() = default;
  Pairs(const std::vector<Pair>& list) : Pairs(list.data(), list.size()) {}
  Pairs(const Pair* list, std::size_t count) : list_(list), count_(count) {}
  /// Pair i has the words from `ends[2i - 1]`, or from 0, to `ends[2i]` as its source, and those from there to
  /// `ends[2i + 1]` as its target.
  Pairs(const int* words, std::span<const std::uint64_t> ends)
      : words_(words), ends_(ends.data()), count_(ends.size() / 2) {}

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }

  std::span<const int> source(std::size_t i) const {
    return list_ != nullptr ? std::span<const int>(list_[i].source)
                            : words(i == 0 ? 0 : ends_[2 * i - 1], ends_[2 * i]);
  }
  std::span<const int> target(std::size_t i) const {
    return list_ != nullptr ? std::span<const int>(list_[i].target) : words(ends_[2 * i], ends_[2 * i + 1]);
  }

 private:
  std::span<const int> words(std::uint64_t begin, std::uint64_t end) const { return {words_ + begin, words_ + end}; }

  const Pair* list_ = nullptr;
  const int* words_ = nullptr;
  const std::uint64_t* ends_ = nullptr;
  std::size_t count_ = 0;
};

}
