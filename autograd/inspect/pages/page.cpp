#include "autograd/inspect/pages/page.h"

#include <fmt/core.h>

#include <bit>
#include <cstdint>

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// The UTF-8 character at the head of a text (RFC 3629); for a byte that begins none, U+FFFD.
struct Character {
  char32_t value;
  std::size_t length;  // in bytes
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  constexpr Character kNone{0xfffd, 1};
  if (length == 0 || length > text.size()) return kNone;
  char32_t value = length == 1 ? first : first & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return kNone;
    value = value << 6 | (byte(i) & 0x3f);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  return overlong || surrogate || value > 0x10ffff ? kNone : Character{value, length};
}

/// Whether HTML may hold the character: no control but for white space, and none of Unicode's noncharacters.
bool goes_into_html(char32_t c) {
  const bool control = (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0);
  return !control && !(c >= 0xfdd0 && c <= 0xfdef) && (c & 0xfffe) != 0xfffe;
}

/// The text with what `replacement` makes of each character and its bytes.
template <class Replacement>
std::string replaced(std::string_view text, const Replacement& replacement) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    result += replacement(character.value, text.substr(0, character.length));
    text.remove_prefix(character.length);
  }
  return result;
}

/// Markup for the text: what a browser would take for markup, as entities, and what HTML may not hold as U+FFFD.
std::string escaped(std::string_view text) {
  return replaced(text, [](char32_t c, std::string_view bytes) -> std::string_view {
    if (c == 0xfffd || !goes_into_html(c)) return "\uFFFD";
    return c == '&' ? "&amp;" : c == '<' ? "&lt;" : bytes;
  });
}

/// The character as JSON has it in ASCII.
std::string json_escape(char32_t c) {
  if (c < 0x10000) return fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  const unsigned above = static_cast<unsigned>(c) - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (above >> 10), 0xdc00 + (above & 0x3ff));
}

std::string head(std::string_view title, std::string_view style = {}) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{}\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{}</title>\n<style>\n{}{}</style>\n"
      "</head>\n",
      kPageMark, escaped(title), pages::style_css, style);
}

/// `size` bytes as base64; byte(i) is the one at place i.
template <class Byte>
std::string base64_of(std::size_t size, const Byte& byte) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto byte_or_0 = [&](std::size_t i) -> std::uint32_t { return i < size ? byte(i) : 0; };
  std::string result;
  result.reserve(size / 3 * 4 + 4);
  for (std::size_t i = 0; i < size; i += 3) {
    const std::uint32_t group = byte_or_0(i) << 16 | byte_or_0(i + 1) << 8 | byte_or_0(i + 2);
    for (std::size_t digit = 0; digit < 4; ++digit) {
      result += i + digit <= size ? kDigits[group >> (18 - 6 * digit) & 63] : '=';
    }
  }
  return result;
}

/// JSON inside a script element: no text in it can end the element, or is what HTML may not hold.
std::string inside_script(std::string_view json) {
  return replaced(json, [](char32_t c, std::string_view bytes) {
    return c == '<' || !goes_into_html(c) ? json_escape(c) : std::string(bytes);
  });
}

}

std::string json_text(std::string_view text) {
  return fmt::format("\"{}\"", replaced(text, [](char32_t c, std::string_view bytes) -> std::string {
                       if (c == 0xfffd) return "\uFFFD";
                       if (c < 0x20) return json_escape(c);
                       return c == '"' || c == '\\' ? fmt::format("\\{}", bytes) : std::string(bytes);
                     }));
}

std::string base64(std::string_view bytes) {
  return base64_of(bytes.size(), [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); });
}

std::string json_floats(std::span<const float> numbers) {
  return fmt::format("\"{}\"", base64_of(numbers.size() * 4, [&](std::size_t i) {
                       return std::bit_cast<std::uint32_t>(numbers[i / 4]) >> (8 * (i % 4)) & 0xff;
                     }));
}

std::string page(std::string_view title, std::string_view data, std::span<const float> numbers,
                 List<std::string_view> scripts, std::string_view style) {
  data.remove_suffix(1);  // of the object's end: the numbers, a text of megabytes, are its last member
  std::string html = fmt::format(
      "{}<body>\n<noscript>This page needs JavaScript; it loads nothing from a network.</noscript>\n"
      "<script type=\"application/json\" id=\"data\">{},\"numbers\":{}}}</script>\n<script>\n\"use strict\";\n{}",
      head(title, style), inside_script(data), json_floats(numbers), pages::parts_js);
  for (const std::string_view script : scripts) html += script;
  return html + "</script>\n</body>\n</html>\n";
}

std::string document(std::string_view title, std::string_view body) {
  return fmt::format("{}<body class=\"document\">\n{}</body>\n</html>\n", head(title), body);
}

}
