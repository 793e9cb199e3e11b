#include "examples/translate/text/text.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string_view>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/text/unicode.h"
#include "nn/storage/checksum.h"
#include "nn/storage/regular_file.h"

namespace gradus::translate {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr char kControlZ = '\x1A';

/// What is wrong with a line, with the place of it; both are empty if nothing is.
struct Flaw {
  const char* what = nullptr;
  size_t at = 0;
  const char* remedy = "";
};

Flaw find_flaw(std::string_view line) {
  constexpr auto kNone = std::string_view::npos;
  if (const size_t at = line.find('\0'); at != kNone)
    return {"a NUL", at, "; if the text is UTF-16 or UTF-32, convert it first: iconv -f UTF-16LE -t UTF-8"};
  if (const size_t at = find_invalid_utf8(line); at != kNone) return {"invalid UTF-8", at};
  if (const size_t at = line.find('\r'); at != kNone)
    return {"a carriage return", at, "; lines end with LF or CRLF: if these end with CR, tr '\\r' '\\n' mends them"};
  if (const size_t at = line.find(kByteOrderMark); at != kNone)
    return {"a byte order mark (U+FEFF)", at, "; leave it out: sed 's/\\xEF\\xBB\\xBF//g'"};
  if (line.ends_with(kControlZ))
    return {"the Ctrl-Z with which DOS ended files", line.size() - 1, "; leave it out: tr -d '\\032'"};
  return {};
}

/// The line without what its file may have around it.
std::string_view bare(std::string_view line, size_t number) {
  if (number == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  while (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view clean_word(std::string_view line, size_t number, const std::string& path) {
  const std::string_view word = bare(line, number);
  if (const size_t at = find_invalid_utf8(word); at != std::string_view::npos)
    fail("{}:{}: invalid UTF-8 at byte {}", path, number, at + 1);
  return word;
}

bool has_word(std::string_view line) {
  while (!line.empty()) {
    const CodePoint point = first_code_point(line);
    if (!is_space(point.value)) return true;
    line.remove_prefix(point.length);
  }
  return false;
}

std::vector<std::string> split_lines(const std::string& text, const std::string& path, const LineCleaner& clean) {
  std::vector<std::string> lines;
  lines.reserve(count_lines(text));
  for_each_line(
      text, path, [&](std::string_view line, size_t) { lines.emplace_back(line); }, clean);
  return lines;
}

}

size_t count_lines(std::string_view text) {
  if (text.empty() || text == kByteOrderMark) return 0;
  return static_cast<size_t>(std::ranges::count(text, '\n')) + (text.ends_with('\n') ? 0 : 1);
}

void for_each_line(std::string_view text, const std::string& path, const LineVisitor& visit, const LineCleaner& clean) {
  const size_t count = count_lines(text);
  for (size_t number = 1; number <= count; ++number) {
    const size_t end = text.find('\n');
    visit(clean(text.substr(0, end), number, path), number);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::vector<std::string> read_lines(const std::string& path) {
  return split_lines(read_file(path), input_name(path), clean_line);
}

std::vector<std::string> read_words(const std::string& path) {
  return split_lines(read_regular_file(path), path, clean_word);
}

std::string_view clean_line(std::string_view line, size_t number, const std::string& path) {
  if (number == 1) require_plain_text(line, path);
  const std::string_view text = bare(line, number);
  const auto [what, at, remedy] = find_flaw(text);
  if (what != nullptr) fail("{}:{}: {} at byte {}{}", path, number, what, text.data() - line.data() + at + 1, remedy);
  return text;
}

void ParallelText::add(std::string source_line, std::string target_line, size_t line) {
  source.push_back(std::move(source_line));
  target.push_back(std::move(target_line));
  lines.push_back(line);
}

bool ParallelText::is_complete(size_t pair) const { return has_word(source[pair]) && has_word(target[pair]); }

TextStream::TextStream(ParallelText text) {
  const size_t skipped = text.skipped;
  *this = TextStream([text = std::make_shared<const ParallelText>(std::move(text))](const Visitor& visit) {
    for (size_t i = 0; i < text->source.size(); ++i) visit(text->source[i], text->target[i], text->lines[i]);
  });
  skipped_ += skipped;
}

TextStream::TextStream(const Walk& walk_all) {
  walk_all([&](std::string_view source, std::string_view target, size_t) {
    ++(has_word(source) && has_word(target) ? size_ : skipped_);
    hash_ = hash_of(hash_of(hash_, source), target);
  });
  walk_ = [walk_all](const Visitor& visit) {
    walk_all([&](std::string_view source, std::string_view target, size_t line) {
      if (has_word(source) && has_word(target)) visit(source, target, line);
    });
  };
}

TextStream::TextStream(Walk walk, size_t size, size_t skipped, std::uint64_t hash)
    : walk_(std::move(walk)), size_(size), skipped_(skipped), hash_(hash) {}

ParallelText read_parallel(const std::string& source_path, const std::string& target_path) {
  ParallelText all = read_all_pairs(source_path, target_path), text;
  for (size_t i = 0; i < all.source.size(); ++i) {
    if (!all.is_complete(i)) {
      ++text.skipped;
      continue;
    }
    text.add(std::move(all.source[i]), std::move(all.target[i]), all.lines[i]);
  }
  return text;
}

ParallelText read_all_pairs(const std::string& source_path, const std::string& target_path) {
  ParallelText text;
  text.source = read_lines(source_path);
  text.target = read_lines(target_path);
  require_equal_lengths("parallel text", source_path, text.source.size(), target_path, text.target.size());
  text.lines.resize(text.source.size());
  std::iota(text.lines.begin(), text.lines.end(), 1);
  return text;
}

void require_equal_lengths(const std::string& what, const std::string& a, size_t a_lines, const std::string& b,
                           size_t b_lines) {
  if (a_lines == b_lines) return;
  fail("{}: {} has {} lines, {} has {}; line n of one must translate line n of the other", what, input_name(a), a_lines,
       input_name(b), b_lines);
}

}
