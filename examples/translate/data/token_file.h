#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/base/pairs.h"

/// The words of a training text as numbers, in a file that is mapped and not held in memory:
///
///     gradus tokens 1\n   16 bytes
///     words               4 bytes each: the source of the first pair, its target, the source of the second one, ...
///     ends                8 bytes each: how many words there are up to the end of each side; before them 4 bytes if
///                         the number of words is odd
///     summary             8 bytes each: a key of what the file was made from, pairs, words, pairs left out, a checksum
///
/// All numbers are little-endian. Whatever makes other words of a text must change the number in the first line.

namespace gradus::translate {

/// What a file of tokens says at its end.
struct TokenSummary {
  std::uint64_t key = 0;  ///< tells what it was made from
  std::uint64_t pairs = 0;
  std::uint64_t words = 0;
  std::uint64_t left_out = 0;  ///< pairs of the text that were too long
  std::uint64_t checksum = 0;  ///< of all words; their ends follow from them, as each side ends with </s>
};

/// Writes such a file from its beginning to its end. It holds 8 bytes a pair until then.
class TokenWriter {
 public:
  using Write = std::function<void(std::string_view bytes)>;
  /// For `pairs` pairs, or fewer.
  TokenWriter(Write write, std::size_t pairs);

  void add(const std::vector<int>& source, const std::vector<int>& target);
  /// Ends the file; the last call.
  void finish(std::uint64_t key, std::size_t left_out);

 private:
  void add_side(const std::vector<int>& words);
  void put(const void* bytes, std::size_t size);
  void flush();

  Write write_;
  std::string buffer_;
  std::vector<std::uint32_t> lengths_;  // of sources and targets
  TokenSummary summary_;
};

/// A file of tokens, mapped. It may come from anyone: that all is as it should be is known before the first use.
class TokenFile {
 public:
  /// Throws Error, naming the path, if it cannot be read or mapped, was made from something else than `key` says, is
  /// cut off or damaged, or holds words that are none of so many.
  TokenFile(const std::string& path, std::uint64_t key, std::size_t source_words, std::size_t target_words);
  ~TokenFile();
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;

  /// Whether a file begins as one of tokens does.
  static bool is_one(const std::string& path);

  Pairs pairs() const { return {words(), ends()}; }
  const TokenSummary& summary() const { return summary_; }

 private:
  void check(std::uint64_t key, std::span<const std::size_t, 2> vocabularies);
  const int* words() const;
  std::span<const std::uint64_t> ends() const;

  std::string path_;
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
  TokenSummary summary_;
};

}
