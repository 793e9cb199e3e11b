#pragma once

#include <span>

#include "examples/translate/commands/commands.h"

namespace gradus::translate {

inline constexpr int kFailed = 1, kWrongUsage = 2;  ///< exit codes

/// Runs the one of the program's commands that the arguments name, and returns the exit code. Errors go to standard
/// error: those of a wrong command line with the command whose help has the options, and with what a misspelt word
/// resembles.
int run_command_line(CLI::App& program, std::span<const Command> commands, int argc, char** argv);

}
