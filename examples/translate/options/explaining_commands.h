#pragma once

#include <vector>

#include "examples/translate/options/command.h"

namespace gradus::translate {

/// Commands that explain the program's other ones, and themselves: `help`, and for its installation `completion` and
/// `man`. They refer to the program, which must have them by the time they run.
std::vector<Command> explaining_commands(const Command& program);

}
