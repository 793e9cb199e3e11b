#pragma once

#include <string>
#include <vector>

#include "examples/translate/commands/commands.h"

/// Commands of the program, run inside of a test.
namespace gradus::translate {

using Words = std::vector<std::string>;

/// Runs a command line as the program does, without its name, on this standard input, and returns what it wrote to
/// standard output. Throws what the command throws, and UsageError for a wrong command line.
std::string run_program(const Words& words, const std::string& input = "");

/// The most threads that such a run had at any moment, at least 1. Who counts them may get no time on a busy machine,
/// so it runs again, up to 50 times, until as many are seen as are `expected`.
int threads_of_program(const Words& words, const std::string& input, int expected);

/// Every command but `train`, whose options are the fields of a configuration.
std::vector<Command> tested_commands();

}
