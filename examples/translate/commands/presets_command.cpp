#include <fmt/core.h>
#include <unistd.h>

#include <memory>

#include "examples/translate/base/progress.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/config/presets.h"
#include "examples/translate/text/unicode.h"
#include "nn/storage/json.h"

namespace gradus::translate {

namespace {

constexpr const char* kPresetsExamples =
    R"(A preset is a set of options that has a name; those that are given besides change it. With NAME, its options are written as
JSON, which --config takes: the begin of a configuration of your own.

Examples:
  gradus presets
  gradus presets transformer > mine.json
  gradus train --config mine.json --train a.de a.en --valid b.de b.en --model m
)";

std::string table() {
  std::string text = fmt::format("{:<16}{:>10}  {:>7}  {:>5}  {}\n", "preset", "parameters", "minutes", "BLEU", "for");
  for (const Preset& preset : presets()) {
    const std::string figures = preset.figures
                                    ? fmt::format("{:>8.1f} M  {:>7}  {:>5.2f}", preset.figures->parameters / 1e6,
                                                  preset.figures->minutes, preset.figures->bleu)
                                    : "";
    text += fmt::format("{:<16}{:>26}  {}\n", preset.name, figures, preset.purpose);
  }
  return text;
}

int show(const std::string& name) {
  for (const Preset& preset : presets()) {
    if (name == preset.name) write_output(Json::parse(preset.json).dump(2) + "\n");
  }
  if (!name.empty()) return 0;
  write_output(table() + '\n');
  for (const std::string& line : wrapped(kPresetsMeasuredOn, terminal_width(STDOUT_FILENO))) write_output(line + '\n');
  return 0;
}

}

Command presets_command() {
  const auto name = std::make_shared<std::string>();
  return {.name = "presets",
          .help = "Show the presets of `gradus train`, or what is in one",
          .group = "Train and translate",
          .footer = kPresetsExamples,
          .options = {{.names = "preset",
                       .target = name.get(),
                       .type = "NAME",
                       .help = "The preset",
                       .choices = RowOf<presets>::names()}},
          .run = [name] { return show(*name); }};
}

}
