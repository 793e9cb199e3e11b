#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

/// Commands of the program, run inside of a test.
namespace gradus::translate {

using Words = std::vector<std::string>;

/// Runs a command line as the program does, without its name, on this standard input, and returns what it wrote to
/// standard output. Throws what the command throws, and CLI::ParseError for a wrong command line.
std::string run_program(const Words& words, const std::string& input = "");

/// The most threads that such a run had at any moment, at least 1. Who counts them may get no time on a busy machine,
/// so it runs again, up to 50 times, until as many are seen as are `expected`.
int threads_of_program(const Words& words, const std::string& input, int expected);

/// Shows every command but `train`, whose options are the fields of a configuration, to the visitor.
void visit_commands(const std::function<void(CLI::App& command)>& visit);

}
