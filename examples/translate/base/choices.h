#pragma once

#include <fmt/ranges.h>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "autograd/error.h"

/// What files and command lines know by name: enumerations, and types that go by the names of one.

namespace gradus::translate {

/// The names of an enumeration's values, which count from 0, in their order.
template <class Enum>
inline constexpr std::array<const char*, 0> kChoices{};

/// Of a type that is no enumeration there are also overloads of `name_of` and `parse_choice`.
template <class T>
concept Choice = !kChoices<T>.empty();

template <Choice Enum>
constexpr const char* name_of(Enum value) {
  return kChoices<Enum>[static_cast<std::size_t>(value)];
}

template <Choice T>
std::vector<std::string> choice_names() {
  return {kChoices<T>.begin(), kChoices<T>.end()};
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

/// The value that has this name, or what becomes of `value` when it takes the name. Throws Error for a name that none
/// has.
template <Choice T>
T choice_named(std::string_view name, T value = {}) {
  if (!parse_choice(name, value)) fail("unknown name {}; need one of {}", name, fmt::join(kChoices<T>, ", "));
  return value;
}

}
