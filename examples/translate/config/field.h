#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "examples/translate/base/choices.h"
#include "examples/translate/base/number.h"
#include "examples/translate/config/interval.h"

/// Configurations: structs whose members are fields. A field is declared once, with all that there is to say of it; the
/// command line, `config.json`, help, reports and the tests that ask of every option what it does come from that:
///
///     struct Sizes : FieldGroup {
///       Sizes() : FieldGroup("Model") {}
///       Field<int> hidden{this, "hidden", 512, "Size of the decoder's state", range(2, 1 << 16)};
///     };
///     Sizes sizes;
///     sizes.hidden = 64;  // in use it is an int

namespace gradus::translate {

/// What a model must have for a field to mean something.
enum class Part {
  Any,
  Recurrence,
  Attention,  ///< of a recurrent decoder, with scores and a scope to choose
  Transformer,
  Convolution,
};

/// What a field has besides its name, its value and its help.
struct FieldRules {
  Range numbers{0, 1e9};
  Part part = Part::Any;  ///< what the model must have, if the value is another than at first
  bool lasting = true;    ///< a resumed training may not change it
  bool decided = false;   ///< by the text, where nobody says (recipe/recipe.h)

  constexpr FieldRules only(Part part) const { return {numbers, part, lasting, decided}; }
  constexpr FieldRules may_change() const { return {numbers, part, false, decided}; }
  constexpr FieldRules by_text() const { return {numbers, part, lasting, true}; }
};

/// The value of a rate that is left to another one.
constexpr double kAsDropout = -1;

// Rules for declarations: `range(1, 64).may_change()`.
constexpr FieldRules range(double low, double high = FieldRules().numbers.high) { return {.numbers = {low, high}}; }
constexpr FieldRules above(double low, double high) { return {.numbers = {low, high, true}}; }
constexpr FieldRules rate_or_as_dropout() { return {.numbers = {.low = 0, .high = 0.95, .besides = kAsDropout}}; }
constexpr FieldRules only(Part part) { return FieldRules().only(part); }
constexpr FieldRules may_change() { return FieldRules().may_change(); }
constexpr FieldRules by_text() { return FieldRules().by_text(); }

/// A field of a configuration as files and command lines know it. Fields are to be set in their order: a combination of
/// a paper comes before the options that change it.
struct ConfigField {
  using Value =
      std::variant<bool*, int*, std::uint64_t*, double*, std::vector<std::string>*, Interval*, ChoiceReference>;

  const char* group;
  const char* key;  ///< `attention_size` in a file, `--attention-size` on the command line
  Value value;      ///< points into the configuration
  const char* help;
  FieldRules rules;

  /// Runs `action` on the value, as a reference of its own type, or as a ChoiceReference.
  template <class Action>
  auto visit(const Action& action) const {
    return std::visit(
        [&](auto value) {
          if constexpr (std::is_pointer_v<decltype(value)>) {
            return action(*value);
          } else {
            return action(value);
          }
        },
        value);
  }

  std::string option() const;
  /// How the command line gives it its value: `--hidden 512`, `--joint`, `--no-joint`.
  std::string assignment() const;
  /// The value as a reader writes it: `512`, `luong`, `a.de b.en`.
  std::string text() const;
  /// Takes over the value of the same field of another configuration.
  void assign(const ConfigField& other) const;
  bool equals(const ConfigField& other) const;
};

/// A struct of fields, which knows them in the order of their declarations. Copies have fields of their own.
class FieldGroup {
 public:
  /// Fields whose values are structs of fields come before those.
  std::vector<ConfigField> fields();

 protected:
  explicit FieldGroup(const char* name) : name_(name) {}

 private:
  template <class T>
  friend class Field;

  struct Entry {
    std::ptrdiff_t offset;  // of the value, from the group
    ConfigField::Value (*value)(void*);
    FieldGroup* (*group)(void*);  // the value, if it is a struct of fields
    const char* key;
    const char* help;
    FieldRules rules;
  };

  template <class T>
  void declare(T* value, const char* key, const char* help, const FieldRules& rules) {
    Entry entry{reinterpret_cast<std::byte*>(value) - reinterpret_cast<std::byte*>(this),
                [](void* value) -> ConfigField::Value { return static_cast<T*>(value); },
                nullptr,
                key,
                help,
                rules};
    if constexpr (std::is_base_of_v<FieldGroup, T>) {
      entry.group = [](void* value) -> FieldGroup* { return static_cast<T*>(value); };
    }
    entries_.push_back(entry);
  }

  const char* name_;
  std::vector<Entry> entries_;
};

namespace detail {

/// The value of a field: a number or an enumeration.
template <class T>
struct FieldValue {
  T value;
  operator const T&() const { return value; }
};

/// A value of a class: its members are those of the field.
template <class T>
requires std::is_class_v<T>
struct FieldValue<T> : T {
};

}

/// A member of a configuration: it converts to its value and is assigned like one.
template <class T>
class Field : public detail::FieldValue<T> {
 public:
  Field(FieldGroup* group, const char* key, T value, const char* help, const FieldRules& rules = {})
      : detail::FieldValue<T>{std::move(value)} {
    group->declare(static_cast<T*>(&own()), key, help, rules);
  }
  Field& operator=(T value) {
    own() = std::move(value);
    return *this;
  }

 private:
  T& own() {
    if constexpr (std::is_class_v<T>) {
      return *this;
    } else {
      return this->value;
    }
  }
};

template <NamedEnum T>
const char* name_of(const Field<T>& field) {
  return name_of(field.value);
}

}
