#include "examples/translate/config/field.h"

#include <fmt/core.h>

#include <algorithm>

#include "examples/translate/base/join_words.h"

namespace gradus::translate {

std::vector<ConfigField> FieldGroup::fields() {
  std::vector<ConfigField> fields;
  for (const Entry& entry : entries_) {
    void* const value = reinterpret_cast<std::byte*>(this) + entry.offset;
    fields.push_back({name_, entry.key, entry.value(value), entry.help, entry.rules});
    if (entry.group == nullptr) continue;
    const std::vector<ConfigField> inner = entry.group(value)->fields();
    fields.insert(fields.end(), inner.begin(), inner.end());
  }
  return fields;
}

std::string ConfigField::option() const {
  std::string name = key;
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

std::string ConfigField::assignment() const {
  if (const auto* const flag = std::get_if<bool*>(&value)) return (**flag ? "--" : "--no-") + option().substr(2);
  return fmt::format("{} {}", option(), text());
}

std::string ConfigField::text() const {
  return visit([](const auto& value) -> std::string {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      return join_words(value);
    } else if constexpr (std::is_same_v<T, ChoiceReference>) {
      return value.name();
    } else if constexpr (std::is_same_v<T, Interval>) {
      return value.text();
    } else {
      return fmt::format("{}", value);
    }
  });
}

void ConfigField::assign(const ConfigField& other) const {
  visit([&]<class T>(T& value) {
    if constexpr (std::is_same_v<std::remove_const_t<T>, ChoiceReference>) {
      value.parse(std::get<ChoiceReference>(other.value).name());
    } else {
      value = *std::get<T*>(other.value);
    }
  });
}

bool ConfigField::equals(const ConfigField& other) const {
  return visit([&]<class T>(T& value) {
    if constexpr (std::is_same_v<std::remove_const_t<T>, ChoiceReference>) {
      return value.name() == std::string_view(std::get<ChoiceReference>(other.value).name());
    } else {
      return value == *std::get<T*>(other.value);
    }
  });
}

}
