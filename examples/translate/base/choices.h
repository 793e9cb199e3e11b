#pragma once

#include <array>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

/// What files and command lines know by name: enumerations, and types that go by the names of one.

namespace gradus::translate {

/// The names of an enumeration's values, which count from 0, in their order.
template <class Enum>
inline constexpr std::array<const char*, 0> kChoices{};

/// A type whose values have names: an enumeration with `kChoices`, or a class that gives its `names()` and has
/// overloads of `name_of` and `parse_choice`.
template <class T>
concept NamedEnum = std::is_enum_v<T> && !kChoices<T>.empty();
template <class T>
concept Choice = NamedEnum<T> || requires {
  T::names();
};

template <Choice T>
std::span<const char* const> choice_names() {
  if constexpr (NamedEnum<T>) {
    return kChoices<T>;
  } else {
    return T::names();
  }
}

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

template <NamedEnum Enum>
constexpr const char* name_of(Enum value) {
  static_assert(detail::names_all<Enum>(), "kChoices must name every value of the enumeration, and no more");
  const auto i = static_cast<std::size_t>(value);
  if (i >= kChoices<Enum>.size()) detail::fail_nameless(i);
  return kChoices<Enum>[i];
}

/// Sets the value that has this name; false if none has.
template <NamedEnum Enum>
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
  if (!parse_choice(name, value)) detail::fail_unknown(name, choice_names<T>());
  return value;
}

/// A row of a table, by its name: a choice among what another room lists. `kTable` is the function that gives the
/// table; a row has a member `name`.
template <auto kTable>
class RowOf {
 public:
  using Row = std::remove_cvref_t<decltype(kTable().front())>;

  RowOf() : row_(&kTable().front()) {}
  /// Throws Error for a name that no row has.
  RowOf(const char* name) {
    if (!parse_choice(name, *this)) detail::fail_unknown(name, names());
  }

  const Row* operator->() const { return row_; }
  friend bool operator==(const RowOf&, const RowOf&) = default;

  static std::span<const char* const> names() {
    static const std::vector<const char*> names = [] {
      std::vector<const char*> names;
      for (const Row& row : kTable()) names.push_back(row.name);
      return names;
    }();
    return names;
  }
  friend const char* name_of(const RowOf& choice) { return choice->name; }
  friend bool parse_choice(std::string_view name, RowOf& choice) {
    for (const Row& row : kTable()) {
      if (name != row.name) continue;
      choice.row_ = &row;
      return true;
    }
    return false;
  }

 private:
  const Row* row_ = nullptr;
};

/// A variable whose values have names, whatever its type.
class ChoiceReference {
 public:
  template <Choice T>
  ChoiceReference(T* variable)
      : variable_(variable),
        names_(choice_names<T>()),
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
