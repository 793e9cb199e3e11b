#include "autograd/inspect/pages/page.h"

#include <fmt/core.h>

#include <bit>
#include <cstdint>

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// How many bytes the UTF-8 character at the beginning of the text has, or 0 if there is none (RFC 3629).
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    const bool overlong = first == 0xe0 && second < 0xa0, surrogate = first == 0xed && second >= 0xa0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first < 0xf5) {
    const bool overlong = first == 0xf0 && second < 0x90, beyond = first == 0xf4 && second >= 0x90;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

/// Markup for the text: what a browser would take for markup, as entities.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) result += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string(1, c);
  return result;
}

std::string head(std::string_view title, std::string_view style = {}) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{}</title>\n<style>\n{}{}</style>\n"
      "</head>\n",
      escaped(title), pages::style_css, style);
}

/// JSON inside a script element: no text in it can end the element.
std::string inside_script(std::string_view json) {
  std::string result;
  result.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

}

std::string json_text(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const char first = text[0];
    if (length == 0) {
      result += "\uFFFD";
    } else if (length == 1 && static_cast<unsigned char>(first) < 0x20) {
      result += fmt::format("\\u{:04x}", static_cast<int>(first));
    } else if (first == '"' || first == '\\') {
      result += {'\\', first};
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result + '"';
}

std::string json_floats(std::span<const float> numbers) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t bytes = numbers.size() * 4;
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return i < bytes ? std::bit_cast<std::uint32_t>(numbers[i / 4]) >> (8 * (i % 4)) & 0xff : 0;
  };
  std::string result = "\"";
  result.reserve(bytes / 3 * 4 + 8);
  for (std::size_t i = 0; i < bytes; i += 3) {
    const std::uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (std::size_t digit = 0; digit < 4; ++digit) {
      result += i + digit <= bytes ? kDigits[group >> (18 - 6 * digit) & 63] : '=';
    }
  }
  return result + '"';
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
