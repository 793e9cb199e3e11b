#include "examples/translate/unicode.h"

#include <algorithm>
#include <iterator>

namespace gradus::translate {

namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2;

struct Range {
  char32_t first, last;
};

/// The range that holds `code_point` in a table sorted by code point, or null.
template <typename Entry, size_t N>
const Entry* find_range(const Entry (&table)[N], char32_t code_point) {
  const Entry* entry = std::upper_bound(std::begin(table), std::end(table), code_point,
                                        [](char32_t c, const Entry& e) { return c < e.first; });
  if (entry == std::begin(table)) return nullptr;
  --entry;
  return code_point <= entry->last ? entry : nullptr;
}

/// Every `step`-th code point from `first` to `last` is a capital; its small letter lies `distance` further on.
struct Capitals {
  char32_t first, last;
  unsigned step;
  int distance;
};

// From UnicodeData.txt, scripts whose text this program is likely to meet.
constexpr Capitals kCapitals[] = {
    {0x41, 0x5A, 1, 32},    {0xC0, 0xD6, 1, 32},     {0xD8, 0xDE, 1, 32},    {0x100, 0x12E, 2, 1},
    {0x132, 0x136, 2, 1},   {0x139, 0x147, 2, 1},    {0x14A, 0x176, 2, 1},   {0x178, 0x178, 1, -121},
    {0x179, 0x17D, 2, 1},   {0x18F, 0x18F, 1, 202},  {0x1A0, 0x1A4, 2, 1},   {0x1AF, 0x1AF, 1, 1},
    {0x1CD, 0x1DB, 2, 1},   {0x1DE, 0x1EE, 2, 1},    {0x1F8, 0x21E, 2, 1},   {0x222, 0x232, 2, 1},
    {0x386, 0x386, 1, 38},  {0x388, 0x38A, 1, 37},   {0x38C, 0x38C, 1, 64},  {0x38E, 0x38F, 1, 63},
    {0x391, 0x3A1, 1, 32},  {0x3A3, 0x3AB, 1, 32},   {0x400, 0x40F, 1, 80},  {0x410, 0x42F, 1, 32},
    {0x460, 0x480, 2, 1},   {0x48A, 0x4BE, 2, 1},    {0x4C0, 0x4C0, 1, 15},  {0x4C1, 0x4CD, 2, 1},
    {0x4D0, 0x52E, 2, 1},   {0x531, 0x556, 1, 48},   {0x1E00, 0x1E94, 2, 1}, {0x1E9E, 0x1E9E, 1, -7615},
    {0x1EA0, 0x1EFE, 2, 1}, {0xFF21, 0xFF3A, 1, 32},
};

constexpr Range kZeroWidth[] = {
    {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},   {0x64B, 0x65F},     {0x93C, 0x93C},
    {0x941, 0x948},   {0x94D, 0x94D},   {0xE31, 0xE31},   {0xE34, 0xE3A},   {0xE47, 0xE4E},     {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064}, {0x20D0, 0x20F0},   {0x302A, 0x302D},
    {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF},
};

constexpr Range kDoubleWidth[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},   {0x2648, 0x2653},
    {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x2705, 0x2705},   {0x274C, 0x274C},   {0x2753, 0x2755},
    {0x2795, 0x2797},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029; }

bool is_greek_letter(char32_t c) { return c >= 0x386 && c <= 0x3FF && c != 0x387; }

size_t column_width(char32_t c) {
  if (find_range(kZeroWidth, c)) return 0;
  return find_range(kDoubleWidth, c) ? 2 : 1;
}

/// Like `first_code_point`, but never fails: a malformed byte is read as U+FFFD.
CodePoint next_code_point(std::string_view text) {
  const CodePoint point = first_code_point(text);
  return point.length > 0 ? point : CodePoint{kReplacement, 1};
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

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
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
  char32_t previous = 0;
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = first_code_point(text.substr(i));
    const size_t length = std::max<size_t>(point.length, 1);
    const std::string_view rest = text.substr(i + length);
    const Capitals* capitals = find_range(kCapitals, point.value);
    if (point.value == kCapitalSigma && is_greek_letter(previous) &&
        (rest.empty() || !is_greek_letter(next_code_point(rest).value))) {
      append_utf8(lower, kFinalSigma);
    } else if (capitals && (point.value - capitals->first) % capitals->step == 0) {
      append_utf8(lower, point.value + static_cast<char32_t>(capitals->distance));
    } else if (point.value == 0x130) {  // I with a dot keeps its dot as a combining mark
      lower += "i\u0307";
    } else {
      lower += text.substr(i, length);
    }
    previous = point.value;
    i += length;
  }
  return lower;
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = next_code_point(text.substr(i));
    width += column_width(point.value);
    i += point.length;
  }
  return width;
}

std::vector<std::string> visible_characters(std::string_view text) {
  std::vector<std::string> characters;
  for (size_t i = 0; i < text.size();) {
    const CodePoint point = next_code_point(text.substr(i));
    if (characters.empty() || column_width(point.value) > 0) characters.emplace_back();
    append_utf8(characters.back(), is_control(point.value) ? kReplacement : point.value);
    i += point.length;
  }
  return characters;
}

}
