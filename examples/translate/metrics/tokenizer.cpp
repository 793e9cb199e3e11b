#include "examples/translate/metrics/tokenizer.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::string out;
  std::string_view rest = text;
  for (size_t at = rest.find(from); at != std::string_view::npos; at = rest.find(from)) {
    out.append(rest.substr(0, at)).append(to);
    rest.remove_prefix(at + from.size());
  }
  text = out.append(rest);
}

std::vector<std::string> words_between_spaces(std::string_view text) {
  const std::vector<std::string_view> words = split_words(text);
  return {words.begin(), words.end()};
}

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_point_or_comma(char32_t c) { return c == '.' || c == ','; }

/// ASCII punctuation but for the apostrophe, the comma, the dash and the point.
bool is_always_separate(char32_t c) {
  return (c >= '!' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
         (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/// Puts spaces round every symbol that `matches`.
template <typename Symbols, typename Matches>
Symbols isolate(const Symbols& text, Matches matches) {
  Symbols out;
  for (const auto c : text) {
    if (matches(c)) {
      out += {' ', c, ' '};
    } else {
      out += c;
    }
  }
  return out;
}

/// Where the spaces go that split a pair of neighbours.
enum class Split {
  kAfterBoth,   ///< `a b `
  kBeforeBoth,  ///< ` a b`
};

/// Splits every pair of neighbours that `matches`, from left to right; a pair uses both its symbols up.
template <typename Symbols, typename Matches>
Symbols split_pairs(const Symbols& text, Matches matches, Split split) {
  Symbols out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 == text.size() || !matches(text[i], text[i + 1])) {
      out += text[i];
      continue;
    }
    if (split == Split::kBeforeBoth) out += ' ';
    out += {text[i], ' ', text[i + 1]};
    if (split == Split::kAfterBoth) out += ' ';
    ++i;
  }
  return out;
}

void read_entities(std::string& text) {
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");
}

/// A point or comma stays only between two digits, a dash only behind something that is no digit. The rules work on
/// bytes: a byte of a longer UTF-8 sequence counts as "no digit", just as the whole character would.
std::string separate_points_and_dashes(std::string text) {
  const auto point_behind_other = [](char a, char b) { return !is_digit(a) && is_point_or_comma(b); };
  const auto point_before_other = [](char a, char b) { return is_point_or_comma(a) && !is_digit(b); };
  const auto dash_behind_digit = [](char a, char b) { return is_digit(a) && b == '-'; };
  text = split_pairs(text, point_behind_other, Split::kAfterBoth);
  text = split_pairs(text, point_before_other, Split::kBeforeBoth);
  return split_pairs(text, dash_behind_digit, Split::kAfterBoth);
}

std::string split_13a(std::string_view line) {
  std::string text(line);
  replace_all(text, "<skipped>", "");
  replace_all(text, "-\n", "");
  replace_all(text, "\n", " ");
  read_entities(text);
  return separate_points_and_dashes(isolate(fmt::format(" {} ", text), is_always_separate));
}

/// Punctuation stays only between two numbers; a symbol never stays.
std::string split_intl(std::string_view line) {
  std::u32string text = code_points(line);
  const auto punctuation_behind_other = [](char32_t a, char32_t b) { return !is_number(a) && is_punctuation(b); };
  const auto punctuation_before_other = [](char32_t a, char32_t b) { return is_punctuation(a) && !is_number(b); };
  text = split_pairs(text, punctuation_behind_other, Split::kAfterBoth);
  text = split_pairs(text, punctuation_before_other, Split::kBeforeBoth);
  return utf8(isolate(text, is_symbol));
}

std::string split_characters(std::string_view line) {
  return utf8(isolate(code_points(line), [](char32_t) { return true; }));
}

/// Tercom's rules for Western text.
std::string normalize_western(std::string text) {
  replace_all(text, "\n-", "");
  replace_all(text, "\n", " ");
  read_entities(text);
  text = isolate(fmt::format(" {} ", text), is_always_separate);
  replace_all(text, "'s ", " 's ");
  return separate_points_and_dashes(std::move(text));
}

bool in_any(char32_t c, std::initializer_list<std::pair<char32_t, char32_t>> ranges) {
  return std::ranges::any_of(ranges, [c](const auto& range) { return range.first <= c && c <= range.second; });
}

/// CJK and full-width punctuation that Tercom knows.
bool is_asian_punctuation(char32_t c) {
  return in_any(c, {{0x3001, 0x3002},
                    {0x3008, 0x3011},
                    {0x3014, 0x301F},
                    {0x30FB, 0x30FB},
                    {0xFF01, 0xFF02},
                    {0xFF08, 0xFF09},
                    {0xFF0C, 0xFF0C},
                    {0xFF0E, 0xFF0E},
                    {0xFF1A, 0xFF1B},
                    {0xFF1F, 0xFF1F},
                    {0xFF61, 0xFF65}});
}

/// Ideographs with their strokes, radicals and compatibility forms. The range from U+3200 is sacreBLEU's, which takes
/// in a part of Extension A. Kana stay together: its rules for them ask for a line without the spaces round it.
bool is_ideograph(char32_t c) {
  return in_any(
      c, {{0x2E80, 0x2EFF}, {0x31C0, 0x31EF}, {0x3200, 0x4DBF}, {0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, {0xFE30, 0xFE4F}});
}

bool is_tercom_punctuation(char32_t c) { return std::u32string_view(U".,?:;!\"()").find(c) != std::u32string::npos; }

}

std::vector<std::string> tokenize(std::string_view line, Tokenizer tokenizer) {
  const std::string_view text = without_trailing_space(line);
  switch (tokenizer) {
    case Tokenizer::k13a:
      return words_between_spaces(split_13a(text));
    case Tokenizer::kIntl:
      return words_between_spaces(split_intl(text));
    case Tokenizer::kChar:
      return words_between_spaces(split_characters(text));
    case Tokenizer::kNone:
      break;
  }
  return words_between_spaces(text);
}

std::vector<std::string> tokenize_tercom(std::string_view line, const TercomOptions& options) {
  std::string text(without_trailing_space(line));
  if (text.empty()) return {};
  if (!options.case_sensitive) text = lower_case(text);
  if (options.normalized) text = normalize_western(std::move(text));

  std::u32string symbols = code_points(text);
  if (options.normalized && options.asian_support) {
    symbols = isolate(symbols, [](char32_t c) { return is_ideograph(c) || is_asian_punctuation(c); });
  }
  if (options.no_punct) {
    std::erase_if(symbols, [&](char32_t c) {
      return is_tercom_punctuation(c) || (options.asian_support && is_asian_punctuation(c));
    });
  }
  return words_between_spaces(utf8(symbols));
}

}
