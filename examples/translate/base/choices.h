#pragma once

#include <array>
#include <span>
#include <string_view>
#include <type_traits>

/// What files and command lines know by name: enumerations, and types that go by the names of one.

namespace gradus::translate {

/// The names of an enumeration's values, which count from 0, in their order.
template <class Enum>
inline constexpr std::array<const char*, 0> kChoices{};

/// A type whose values have names. One that is no enumeration has overloads of `name_of` and `parse_choice`, too.
template <class T>
concept Choice = !kChoices<T>.empty();

namespace detail {

/// Whether the enumeration declares this value: compilers call it by its name then, and otherwise `(Enum)7`.
template <auto kValue>
constexpr bool is_declared() {
  const std::string_view function = __PRETTY_FUNCTION__, head = "kValue = ";
  return function[function.rfind(head) + head.size()] != '(';
}

/// Whether there are as many names as values.
template <class Enum>
constexpr bool names_all() {
  constexpr auto count = kChoices<Enum>.size();
  return is_declared<static_cast<Enum>(count - 1)>() && !is_declared<static_cast<Enum>(count)>();
}

[[noreturn]] void fail_unknown(std::string_view name, std::span<const char* const> names);
[[noreturn]] void fail_nameless(std::size_t value);

}

template <Choice Enum>
constexpr const char* name_of(Enum value) {
  static_assert(detail::names_all<Enum>(), "kChoices must name every value of the enumeration, and no more");
  const auto i = static_cast<std::size_t>(value);
  if (i >= kChoices<Enum>.size()) detail::fail_nameless(i);
  return kChoices<Enum>[i];
}

/// Sets the value that has this name; false if none has.
template <Choice Enum>
bool parse_choice(std::string_view name, Enum& value) {
  static_assert(detail::names_all<Enum>(), "kChoices must name every value of the enumeration, and no more");
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
  if (!parse_choice(name, value)) detail::fail_unknown(name, kChoices<T>);
  return value;
}

/// A variable whose values have names, whatever its type.
class ChoiceReference {
 public:
  template <Choice T>
  ChoiceReference(T* variable)
      : variable_(variable),
        names_(kChoices<T>),
        name_([](const void* value) { return name_of(*static_cast<const T*>(value)); }),
        parse_([](std::string_view name, void* value) { return parse_choice(name, *static_cast<T*>(value)); }) {}

  std::span<const char* const> names() const { return names_; }
  /// The name of its value.
  const char* name() const { return name_(variable_); }
  /// Gives it the value that has this name; false if none has.
  bool parse(std::string_view name) const { return parse_(name, variable_); }

 private:
  void* variable_;
  std::span<const char* const> names_;
  const char* (*name_)(const void*);
  bool (*parse_)(std::string_view, void*);
};

}
