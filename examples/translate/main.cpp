#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <memory>
#include <vector>

#include "examples/translate/commands.h"
#include "examples/translate/help_formatter.h"
#include "examples/translate/nearest.h"
#include "examples/translate/version.h"

namespace gradus::translate {

namespace {

constexpr int kFailed = 1, kWrongUsage = 2;

/// What is wrong with words that a command does not know, with the option that a misspelt one resembles.
std::string unknown_message(const CLI::App& command, const std::vector<std::string>& unknown) {
  const auto is_option = [](const std::string& word) { return word.starts_with("-"); };
  const auto option = std::find_if(unknown.begin(), unknown.end(), is_option);
  const std::string& word = option == unknown.end() ? unknown.front() : *option;
  std::vector<std::string> names;
  for (const CLI::Option* known : command.get_options()) {
    for (const std::string& name : known->get_lnames()) names.push_back("--" + name);
  }
  for (const CLI::App* subcommand : command.get_subcommands({})) names.push_back(subcommand->get_name());
  const std::string similar = nearest(word, names);
  return fmt::format("unknown {} {}{}", is_option(word) ? "option" : "argument", word,
                     similar.empty() ? "" : fmt::format("; did you mean {}?", similar));
}

int run(int argc, char** argv) {
  CLI::App program("Trains translators on parallel text and translates with them.");
  program.name("gradus");
  program.set_version_flag("--version", fmt::format("gradus {}", program_version()));
  program.formatter(std::make_shared<HelpFormatter>());
  program.require_subcommand(0, 1);
  program.footer(
      "Run `gradus COMMAND --help` for the options of a command.\n\n"
      "Examples:\n"
      "  gradus train --toy --model toy\n"
      "  echo \"the black cat ate the mouse\" | gradus translate --model toy\n");
  const std::vector<Command> commands = {add_train(program),    add_translate(program), add_score(program),
                                         add_evaluate(program), add_bleu(program),      add_aer(program),
                                         add_attend(program),   add_info(program),      add_report(program),
                                         add_average(program),  add_toy(program)};
  const auto parsed = [](const Command& command) { return command.options->parsed(); };
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help and --version
    return program.exit(success);
  } catch (const CLI::ExtrasError&) {
    const auto chosen = std::find_if(commands.begin(), commands.end(), parsed);
    throw UsageError(unknown_message(chosen == commands.end() ? program : *chosen->options, program.remaining(true)));
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  const auto chosen = std::find_if(commands.begin(), commands.end(), parsed);
  if (chosen == commands.end())
    throw UsageError(
        "a command is missing: train, translate, score, evaluate, bleu, aer, attend, info, report, average or toy");
  return chosen->run();
}

}

}

int main(int argc, char** argv) {
  using namespace gradus::translate;
  try {
    return run(argc, argv);
  } catch (const UsageError& error) {
    fmt::print(stderr, "gradus: {}\nRun `gradus --help` for help.\n", error.what());
    return kWrongUsage;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "gradus: out of memory\n");
    return kFailed;
  } catch (const std::exception& error) {
    fmt::print(stderr, "gradus: {}\n", error.what());
    return kFailed;
  }
}
