#include "examples/translate/text/text.h"

#include <string_view>

#include "autograd/error.h"
#include "examples/translate/base/read_file.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool has_word(const std::string& line) { return !split_words(line).empty(); }

std::vector<std::string> split_lines(const std::string& bytes, const std::string& path) {
  std::vector<std::string> lines;
  std::string_view rest = bytes;
  if (rest == kByteOrderMark) return lines;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    lines.emplace_back(clean_line(rest.substr(0, end), lines.size() + 1, path));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return lines;
}

}

std::vector<std::string> read_lines(const std::string& path) { return split_lines(read_file(path), path); }

std::vector<std::string> read_lines_or_stdin(const std::string& path) {
  return path == "-" ? split_lines(read_stdin(), "stdin") : read_lines(path);
}

std::string_view clean_line(std::string_view line, size_t number, const std::string& path) {
  if (number == 1) {
    if (line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF"))
      fail("{}: the text is UTF-16, not UTF-8; convert it first: iconv -f UTF-16 -t UTF-8", path);
    if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  const size_t invalid = find_invalid_utf8(line);
  if (invalid != std::string_view::npos) fail("{}:{}: invalid UTF-8 at byte {}", path, number, invalid + 1);
  return line;
}

ParallelText read_parallel(const std::string& source_path, const std::string& target_path) {
  std::vector<std::string> source = read_lines(source_path);
  std::vector<std::string> target = read_lines(target_path);
  require_equal_lengths("parallel text", source_path, source.size(), target_path, target.size());
  ParallelText text;
  for (size_t i = 0; i < source.size(); ++i) {
    if (!has_word(source[i]) || !has_word(target[i])) {
      ++text.skipped;
      continue;
    }
    text.source.push_back(std::move(source[i]));
    text.target.push_back(std::move(target[i]));
    text.lines.push_back(i + 1);
  }
  return text;
}

void require_equal_lengths(const std::string& what, const std::string& a, size_t a_lines, const std::string& b,
                           size_t b_lines) {
  if (a_lines == b_lines) return;
  fail("{}: {} has {} lines, {} has {}; line n of one must translate line n of the other", what, a, a_lines, b,
       b_lines);
}

}
