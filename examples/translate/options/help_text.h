#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "examples/translate/options/command.h"

namespace gradus::translate {

enum class HelpLength {
  Short,  ///< what a command shows by task (`Command::short_help`), with its first examples; all of one without tasks
  Whole,
};

/// The help of one of the program's commands, or of the program itself, in lines of so many columns. Only words that
/// are longer make longer lines, and examples stand as they are.
std::string help_text(const Command& program, const Command& command, HelpLength length, std::size_t columns);

}
