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

/// White space as Unicode defines it (and Python's `str.split`), the no-break spaces included.
bool is_space(char32_t code_point);

/// The words of `text` between runs of white space. The views point into `text`.
std::vector<std::string_view> split_words(std::string_view text);

/// `text` in lower case for the Latin, Greek, Cyrillic, Armenian and full-width letters; the rest as it is.
std::string lower_case(std::string_view text);

/// The columns that `text` takes in a terminal: 0 for combining marks, 2 for East Asian wide characters and emoji.
size_t display_width(std::string_view text);

/// `text` cut into what a reader sees as one character: a code point with the combining marks that follow it.
/// Malformed bytes and control characters come out as U+FFFD, so the pieces are safe to print.
std::vector<std::string> visible_characters(std::string_view text);

}
