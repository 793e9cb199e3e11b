#include "examples/translate/commands/commands.h"
#include "examples/translate/machine/ranks.h"
#include "examples/translate/options/command_line.h"

int main(int argc, char** argv) {
  using namespace gradus::translate;
  return run_on_ranks([&] { return run_program(gradus_program, argc, argv); });
}
