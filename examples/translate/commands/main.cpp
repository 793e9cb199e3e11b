#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

#include "examples/translate/base/version.h"
#include "examples/translate/commands/program.h"

int main(int argc, char** argv) {
  using namespace gradus::translate;
  CLI::App program("Trains translators on parallel text and translates with them.", "gradus");
  program.set_version_flag("--version", fmt::format("gradus {}", program_version()));
  program.footer(
      "Run `gradus COMMAND --help` for the options of a command.\n\n"
      "Examples:\n"
      "  gradus train --toy --model toy\n"
      "  echo \"the black cat ate the mouse\" | gradus translate --model toy\n");
  const std::vector<Command> commands = {add_train(program),    add_translate(program), add_score(program),
                                         add_evaluate(program), add_bleu(program),      add_aer(program),
                                         add_attend(program),   add_info(program),      add_report(program),
                                         add_average(program),  add_toy(program)};
  return run_command_line(program, commands, argc, argv);
}
