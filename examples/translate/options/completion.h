#pragma once

#include <string>

#include "examples/translate/base/choices.h"
#include "examples/translate/options/command.h"

namespace gradus::translate {

/// Shells that complete the words of a command line.
enum class Shell { Bash, Zsh, Fish };
template <>
inline constexpr std::array kChoices<Shell>{"bash", "zsh", "fish"};

/// A script by which the shell completes the program's commands, their options, and the values of these: files, folders
/// and choices. All arguments of a command are completed as its first one is.
std::string completion_script(const Command& program, Shell shell);

}
