#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// The lines of a text file, one sentence each, without their ends. LF and CRLF both end a line, the last line needs no
/// end, and a UTF-8 byte order mark at the start is skipped. Throws Error as `read_file` and as `clean_line` do.
std::vector<std::string> read_lines(const std::string& path);

/// The lines of a file of words that a program wrote, read as a text; but any character is good, since an older one
/// took words from text that `read_lines` refuses.
std::vector<std::string> read_words(const std::string& path);

/// A line of a text without the carriage return at its end, and line 1 without a UTF-8 byte order mark. Throws Error
/// for what is no text or another one than it seems, naming the place: `data.de:17: invalid UTF-8 at byte 12` (lines
/// and bytes counted from 1). That is malformed UTF-8, a NUL, a carriage return or byte order mark inside, a Ctrl-Z at
/// the end, and in line 1 how another encoding, an archive or a compressed file begins.
std::string_view clean_line(std::string_view line, size_t number, const std::string& path);

/// How many lines a text has.
size_t count_lines(std::string_view text);

using LineVisitor = std::function<void(std::string_view line, size_t number)>;
using LineCleaner = std::function<std::string_view(std::string_view line, size_t number, const std::string& path)>;
/// Calls `visit` with each line of the text of the file at `path`, cleaned, and its number, from 1.
void for_each_line(std::string_view text, const std::string& path, const LineVisitor& visit,
                   const LineCleaner& clean = clean_line);

/// Sentence pairs, `source[i]` with `target[i]`; `lines[i]` is the line of the files that the pair stands on, from 1.
struct ParallelText {
  std::vector<std::string> source, target;
  std::vector<size_t> lines;
  size_t skipped = 0;  ///< pairs left out because one side, or both, held no word

  void add(std::string source_line, std::string target_line, size_t line);
  /// Whether both sides of a pair hold a word.
  bool is_complete(size_t pair) const;
};

/// Sentence pairs that are read one after the other, as often as one asks, and need not be held together. Both sides of
/// each hold a word.
class TextStream {
 public:
  /// Gets a pair, good until it returns, and the line that it stands on.
  using Visitor = std::function<void(std::string_view source, std::string_view target, size_t line)>;
  using Walk = std::function<void(const Visitor& visit)>;

  TextStream() = default;
  /// The complete pairs of a text in memory.
  TextStream(ParallelText text);
  /// The complete ones of the pairs that `walk_all` gives to its visitor, the same ones whenever it is called.
  explicit TextStream(const Walk& walk_all);
  /// The `size` pairs that `walk` gives, all of them complete.
  TextStream(Walk walk, size_t size, size_t skipped, std::uint64_t hash);

  void for_each(const Visitor& visit) const {
    if (walk_) walk_(visit);
  }
  size_t size() const { return size_; }
  size_t skipped() const { return skipped_; }   ///< pairs left out because one side, or both, held no word
  std::uint64_t hash() const { return hash_; }  ///< tells one text from another

 private:
  Walk walk_;
  size_t size_ = 0, skipped_ = 0;
  std::uint64_t hash_ = 0;
};

/// The complete pairs of two files whose lines correspond. Throws Error when their numbers of lines differ.
ParallelText read_parallel(const std::string& source_path, const std::string& target_path);
/// All pairs of two such files.
ParallelText read_all_pairs(const std::string& source_path, const std::string& target_path);

/// Throws Error when two files whose lines correspond, of `a_lines` and `b_lines` lines, differ: `what` begins the
/// text.
void require_equal_lengths(const std::string& what, const std::string& a, size_t a_lines, const std::string& b,
                           size_t b_lines);

}
