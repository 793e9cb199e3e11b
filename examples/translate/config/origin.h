#pragma once

#include <functional>
#include <map>
#include <string>

#include "examples/translate/base/choices.h"

namespace gradus::translate {

/// Where the value of a field comes from: its declaration, a preset, a configuration file, an option of the command
/// line, or the text that is to be learned (recipe/recipe.h).
enum class Origin { Default, Preset, File, Option, Text };
template <>
inline constexpr std::array kChoices<Origin>{"default", "preset", "file", "option", "text"};

/// The origin of each field that is not at its default, by its key.
using Origins = std::map<std::string, Origin, std::less<>>;

inline Origin origin_of(const Origins& origins, const char* key) {
  const auto found = origins.find(key);
  return found == origins.end() ? Origin::Default : found->second;
}

}
