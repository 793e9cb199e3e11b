#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "examples/translate/base/choices.h"

namespace gradus::translate {

/// Adds an option whose value is one of the names of `T`, such as `--cell gru`. `value` is the default.
template <Choice T>
CLI::Option* add_choice(CLI::App& command, const std::string& name, T& value, const std::string& help) {
  const auto set = [&value](const std::string& text) { value = choice_named(text, value); };
  return command.add_option_function<std::string>(name, set, help)
      ->check(CLI::IsMember(choice_names<T>()))
      ->type_name("KIND")
      ->default_str(name_of(value));
}

}
