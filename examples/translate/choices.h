#pragma once

#include <fmt/ranges.h>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "autograd/error.h"

/// Enumerations that files and command lines know by name.

namespace gradus::translate {

/// The names of an enumeration's values, which count from 0, in their order.
template <class Enum>
inline constexpr std::array<const char*, 0> kChoices{};

template <class Enum>
concept Choice = std::is_enum_v<Enum> && !kChoices<Enum>.empty();

template <Choice Enum>
constexpr const char* name_of(Enum value) {
  return kChoices<Enum>[static_cast<std::size_t>(value)];
}

template <Choice Enum>
std::vector<std::string> choice_names() {
  return {kChoices<Enum>.begin(), kChoices<Enum>.end()};
}

/// Sets the value that has this name; false if none has.
template <Choice Enum>
bool parse_choice(std::string_view name, Enum& value) {
  for (std::size_t i = 0; i < kChoices<Enum>.size(); ++i) {
    if (name != kChoices<Enum>[i]) continue;
    value = static_cast<Enum>(i);
    return true;
  }
  return false;
}

/// The value that has this name. Throws Error for a name that none has.
template <Choice Enum>
Enum choice_named(std::string_view name) {
  Enum value{};
  if (!parse_choice(name, value)) fail("unknown name {}; need one of {}", name, fmt::join(kChoices<Enum>, ", "));
  return value;
}

}
