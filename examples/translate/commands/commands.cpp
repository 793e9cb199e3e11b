#include "examples/translate/commands/commands.h"

#include <fmt/core.h>

#include "examples/translate/base/version.h"

namespace gradus::translate {

Command gradus_program() {
  return {.name = "gradus",
          .help = "Trains translators on parallel text and translates with them.",
          .footer =
              "Run `gradus COMMAND --help` for the options of a command.\n\n"
              "Examples:\n"
              "  gradus train --train text.de text.en --model m\n"
              "  gradus translate --model m new.de --out new.en\n"
              "  gradus train --toy --model toy  # a toy language, in seconds\n"
              "  echo \"the black cat ate the mouse\" | gradus translate --model toy\n",
          .commands =
              {
                  train_command(),
                  translate_command(),
                  score_command(),
                  evaluate_command(),
                  compare_command(),
                  bleu_command(),
                  aer_command(),
                  attend_command(),
                  explain_command(),
                  flow_command(),
                  info_command(),
                  report_command(),
                  average_command(),
                  toy_command(),
                  presets_command(),
              },
          .version = fmt::format("gradus {}", program_version())};
}

}
