#include "examples/translate/text/unicode.h"

#include <algorithm>
#include <iterator>

#include "examples/translate/text/unicode_tables.h"

namespace gradus::translate {

namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kCapitalDottedI = 0x130, kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2;

/// The entry that holds `code_point` in a table sorted by code point, or null.
template <typename Table>
auto find_range(const Table& table, char32_t code_point) -> decltype(std::data(table)) {
  const auto after = std::upper_bound(std::begin(table), std::end(table), code_point,
                                      [](char32_t c, const auto& entry) { return c < entry.first; });
  if (after == std::begin(table)) return nullptr;
  const auto* entry = std::data(table) + (after - std::begin(table)) - 1;
  return code_point <= entry->last ? entry : nullptr;
}

constexpr CodeRange kZeroWidth[] = {
    {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},   {0x64B, 0x65F},     {0x93C, 0x93C},
    {0x941, 0x948},   {0x94D, 0x94D},   {0xE31, 0xE31},   {0xE34, 0xE3A},   {0xE47, 0xE4E},     {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064}, {0x20D0, 0x20F0},   {0x302A, 0x302D},
    {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF},
};

constexpr CodeRange kDoubleWidth[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},   {0x2648, 0x2653},
    {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x2705, 0x2705},   {0x274C, 0x274C},   {0x2753, 0x2755},
    {0x2795, 0x2797},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

/// Controls, line ends, and the numbers that are no characters, which XML and HTML may not have.
bool is_unprintable(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || (c >= 0xFDD0 && c <= 0xFDEF) ||
         (c & 0xFFFE) == 0xFFFE;
}

size_t column_width(char32_t c) {
  if (find_range(kZeroWidth, c)) return 0;
  return find_range(kDoubleWidth, c) ? 2 : 1;
}

/// Like `first_code_point`, but never fails: a malformed byte is read as U+FFFD.
CodePoint next_code_point(std::string_view text) {
  const CodePoint point = first_code_point(text);
  return point.length > 0 ? point : CodePoint{kReplacement, 1};
}

/// Whether the word goes on after `rest` begins: what case ignores, such as an apostrophe, may come before the letter.
bool cased_letter_follows(std::string_view rest) {
  while (!rest.empty()) {
    const CodePoint point = next_code_point(rest);
    if (!find_range(kCaseIgnorable, point.value)) return find_range(kCased, point.value);
    rest.remove_prefix(point.length);
  }
  return false;
}

void append_lower_case(std::string& text, char32_t c) {
  if (c == kCapitalDottedI) {  // keeps its dot as a combining mark
    text += "i\u0307";
    return;
  }
  const Capitals* capitals = find_range(kCapitals, c);
  const bool is_capital = capitals && (c - capitals->first) % capitals->step == 0;
  append_utf8(text, is_capital ? c + static_cast<char32_t>(capitals->distance) : c);
}

}

CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};

  const size_t length = lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : 0;
  if (length == 0 || text.size() < length) return {};
  char32_t value = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[length] || value > 0x10FFFF || surrogate) return {};
  return {value, length};
}

size_t find_invalid_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = first_code_point(text.substr(i)).length;
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

void append_utf8(std::string& text, char32_t c) {
  const auto continuation = [&](int shift) { text += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xC0 | c >> 6);
    continuation(0);
  } else if (c < 0x10000) {
    text += static_cast<char>(0xE0 | c >> 12);
    continuation(6);
    continuation(0);
  } else {
    text += static_cast<char>(0xF0 | c >> 18);
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

std::u32string code_points(std::string_view text) {
  std::u32string points;
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = next_code_point(text.substr(i));
    points += point.value;
    i += point.length;
  }
  return points;
}

std::string utf8(std::u32string_view code_points) {
  std::string text;
  for (const char32_t c : code_points) append_utf8(text, c);
  return text;
}

bool is_punctuation(char32_t c) { return find_range(kPunctuation, c); }
bool is_symbol(char32_t c) { return find_range(kSymbols, c); }
bool is_number(char32_t c) { return find_range(kNumbers, c); }

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::string_view without_trailing_space(std::string_view text) {
  const std::vector<std::string_view> words = split_words(text);
  return words.empty() ? std::string_view() : text.substr(0, words.back().data() + words.back().size() - text.data());
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  size_t start = 0;
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = next_code_point(text.substr(i));
    if (is_space(point.value)) {
      if (i > start) words.push_back(text.substr(start, i - start));
      start = i + point.length;
    }
    i += point.length;
  }
  if (text.size() > start) words.push_back(text.substr(start));
  return words;
}

std::string lower_case(std::string_view text) {
  std::string lower;
  lower.reserve(text.size());
  bool in_word = false;  // whether the last character that case does not ignore was a letter that has a case
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    const size_t length = std::max<size_t>(point.length, 1);
    const std::string_view rest = text.substr(length);
    if (point.length == 0) {
      lower += text.front();
    } else if (point.value == kCapitalSigma && in_word && !cased_letter_follows(rest)) {
      append_utf8(lower, kFinalSigma);
    } else {
      append_lower_case(lower, point.value);
    }
    if (!find_range(kCaseIgnorable, point.value)) in_word = find_range(kCased, point.value);
    text = rest;
  }
  return lower;
}

bool has_capital(std::string_view text) { return lower_case(text) != text; }

size_t display_width(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = next_code_point(text.substr(i));
    width += column_width(point.value);
    i += point.length;
  }
  return width;
}

std::vector<std::string> wrapped(std::string_view text, size_t columns) {
  std::vector<std::string> lines;
  size_t width = 0;  // of the last line
  for (const std::string_view word : split_words(text)) {
    const size_t own = display_width(word);
    if (lines.empty() || width + 1 + own > columns) {
      lines.emplace_back(word);
      width = own;
    } else {
      lines.back().append(1, ' ').append(word);
      width += 1 + own;
    }
  }
  return lines;
}

std::string visible(std::string_view text, std::string_view kept) {
  std::string shown;
  shown.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = next_code_point(text.substr(i));
    const bool is_kept = point.value < 0x80 && kept.find(static_cast<char>(point.value)) != std::string_view::npos;
    append_utf8(shown, is_unprintable(point.value) && !is_kept ? kReplacement : point.value);
    i += point.length;
  }
  return shown;
}

std::vector<std::string> visible_characters(std::string_view text) {
  std::vector<std::string> characters;
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = next_code_point(text.substr(i));
    if (characters.empty() || column_width(point.value) > 0) characters.emplace_back();
    append_utf8(characters.back(), is_unprintable(point.value) ? kReplacement : point.value);
    i += point.length;
  }
  return characters;
}

}
