#pragma once

#include <rapidcheck.h>

#include <filesystem>
#include <optional>
#include <string>

#include "examples/translate/text/unicode.h"

/// Any Unicode text, with more of what tokenisers treat in a special way than chance would bring.
inline rc::Gen<std::string> arbitrary_text() {
  const auto special = rc::gen::element<char32_t>(
      U' ', U' ', U' ', U'\t', U'\u00a0', U'a', U'b', U'1', U'2', U'.', U',', U'\'', U'-', U'@', U'/', U':', U'(', U')',
      U'"', U'&', U'#', U';', U'<', U'>', U'\uffed', U'\u0301', U'\u200d', U'w', U'日', U'😀', U'\0');
  const auto any = rc::gen::suchThat(rc::gen::inRange<char32_t>(0, 0x110000),
                                     [](char32_t c) { return (c < 0xD800 || c > 0xDFFF) && c != 0x2581; });
  const auto points = rc::gen::container<std::u32string>(rc::gen::weightedOneOf<char32_t>({{4, special}, {1, any}}));
  return rc::gen::map(points, [](const std::u32string& text) { return gradus::translate::utf8(text); });
}

/// The folder of raw Multi30k that the environment variable GRADUS_MULTI30K names: train.de and so on.
inline std::optional<std::filesystem::path> multi30k() {
  const char* folder = std::getenv("GRADUS_MULTI30K");
  if (folder == nullptr || *folder == 0) return {};
  return folder;
}
