#pragma once

#include <functional>
#include <string>
#include <vector>

#include "examples/translate/base/usage_error.h"
#include "examples/translate/options/command.h"

/// What is done with command lines as data.

namespace gradus::translate {

/// Runs the program that `make` describes, or the one of its commands that the arguments name, and returns the exit
/// code. Errors, of `make` too, go to standard error: those of a wrong command line with the command whose help has the
/// options, and with what was perhaps meant. A program that has commands gets those of `explaining_commands` besides.
int run_program(const std::function<Command()>& make, int argc, char** argv);

/// Sets what the words after a command's name say, and does not run it. Throws UsageError for a wrong command line.
void parse_words(const Command& command, const std::vector<std::string>& words);

}
