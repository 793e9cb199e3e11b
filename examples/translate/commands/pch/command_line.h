// What takes longest to compile in a command, compiled once; each command includes it itself all the same.
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
