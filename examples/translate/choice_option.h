#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "examples/translate/choices.h"

namespace gradus::translate {

/// Adds an option whose value is one of the names of `Enum`, such as `--cell gru`, and is given to `set`.
template <Choice Enum, class Set>
CLI::Option* add_choice(CLI::App& command, const std::string& name, Enum initial, Set set, const std::string& help) {
  const auto parse = [set](const std::string& text) { set(choice_named<Enum>(text)); };
  return command.add_option_function<std::string>(name, parse, help)
      ->check(CLI::IsMember(choice_names<Enum>()))
      ->type_name("KIND")
      ->default_str(name_of(initial));
}

/// The same for an option that sets `value`, whose default is what it has.
template <Choice Enum>
CLI::Option* add_choice(CLI::App& command, const std::string& name, Enum& value, const std::string& help) {
  return add_choice(
      command, name, value, [&value](Enum given) { value = given; }, help);
}

}
