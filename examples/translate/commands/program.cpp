#include "examples/translate/commands/program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <memory>
#include <new>

#include "examples/translate/base/nearest.h"
#include "examples/translate/base/usage_error.h"

namespace gradus::translate {

namespace {

/// Shows a flag that can be taken back as `--[no-]toy`.
struct HelpFormatter : CLI::Formatter {
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    if (option->get_fnames().empty()) return Formatter::make_option_name(option, is_positional);
    return "--[no-]" + option->get_lnames().front();
  }
};

/// The command that the arguments named; null before they are parsed, or if they name none.
const Command* chosen(std::span<const Command> commands) {
  const auto found = std::ranges::find_if(commands, [](const Command& command) { return command.options->parsed(); });
  return found == commands.end() ? nullptr : &*found;
}

/// What is wrong with words that the program or a command does not know, with the one that a misspelt word resembles.
std::string unknown_message(const CLI::App& command, const std::vector<std::string>& unknown) {
  const auto is_option = [](const std::string& word) { return word.starts_with("-"); };
  const bool is_program = !command.get_subcommands({}).empty();  // options after a misspelt command are not to blame
  const auto option = is_program ? unknown.end() : std::find_if(unknown.begin(), unknown.end(), is_option);
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

std::string missing_message(std::span<const Command> commands) {
  std::string names;
  for (const Command& command : commands) {
    if (!names.empty()) names += &command == &commands.back() ? " or " : ", ";
    names += command.options->get_name();
  }
  return "a command is missing: " + names;
}

/// The exit code.
int parse_and_run(CLI::App& program, std::span<const Command> commands, int argc, char** argv) {
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help and --version
    return program.exit(success);
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> unknown = program.remaining(true);
    if (unknown.empty()) throw UsageError(error.what());
    const Command* const command = chosen(commands);
    throw UsageError(unknown_message(command == nullptr ? program : *command->options, unknown));
  }
  const Command* const command = chosen(commands);
  if (command == nullptr) throw UsageError(missing_message(commands));
  return command->run();
}

}

int run_command_line(CLI::App& program, std::span<const Command> commands, int argc, char** argv) {
  const std::string name = program.get_name();
  const auto formatter = std::make_shared<HelpFormatter>();
  program.formatter(formatter);
  for (const Command& command : commands) command.options->formatter(formatter);
  program.require_subcommand(0, 1);
  try {
    return parse_and_run(program, commands, argc, argv);
  } catch (const UsageError& error) {
    const Command* const command = chosen(commands);
    fmt::print(stderr, "{}: {}\nRun `{}{} --help` for help.\n", name, error.what(), name,
               command == nullptr ? "" : " " + command->options->get_name());
    return kWrongUsage;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "{}: out of memory\n", name);
    return kFailed;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", name, error.what());
    return kFailed;
  }
}

}
