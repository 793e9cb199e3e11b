#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// The code point at the head of `text`, which is not empty, and the number of bytes it takes. Strict: overlong forms,
/// surrogates and values above U+10FFFF are malformed, and so is a truncated sequence; `length` is then 0.
struct CodePoint {
  char32_t value = 0;
  size_t length = 0;
};
CodePoint first_code_point(std::string_view text);

/// The offset of the first byte that is not well-formed UTF-8, or npos when all of `text` is.
size_t find_invalid_utf8(std::string_view text);

void append_utf8(std::string& text, char32_t code_point);

/// The code points of `text`, U+FFFD for each malformed byte, and back.
std::u32string code_points(std::string_view text);
std::string utf8(std::u32string_view code_points);

/// White space as Unicode defines it (and Python's `str.split`), the no-break spaces included.
bool is_space(char32_t code_point);

/// Unicode's general categories P (punctuation), S (symbols) and N (numbers).
bool is_punctuation(char32_t code_point);
bool is_symbol(char32_t code_point);
bool is_number(char32_t code_point);

/// `text` without the white space at its end.
std::string_view without_trailing_space(std::string_view text);

/// The words of `text` between runs of white space. The views point into `text`.
std::vector<std::string_view> split_words(std::string_view text);

/// `text` in lower case as Unicode defines it and Python's `str.lower` does it, for all scripts: a capital sigma at the
/// end of a word becomes its final form. Malformed bytes stay as they are.
std::string lower_case(std::string_view text);

/// Whether a letter of `text` has another one in lower case.
bool has_capital(std::string_view text);

/// The columns that `text` takes in a terminal: 0 for combining marks, 2 for East Asian wide characters and emoji.
size_t display_width(std::string_view text);

/// The words of `text` in lines of at most so many columns; only a word that is longer makes a longer line.
std::vector<std::string> wrapped(std::string_view text, size_t columns);

/// `text` as it is safe to print, whoever wrote it: malformed bytes, control characters and Unicode's noncharacters
/// become U+FFFD, but for the ASCII ones that are to be `kept`, such as "\n".
std::string visible(std::string_view text, std::string_view kept = "");

/// `text`, made visible as by `visible`, cut into what a reader sees as one character: a code point with the combining
/// marks that follow it.
std::vector<std::string> visible_characters(std::string_view text);

}
