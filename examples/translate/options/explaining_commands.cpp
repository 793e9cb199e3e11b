#include "examples/translate/options/explaining_commands.h"

#include <fmt/core.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "examples/translate/base/progress.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/options/complaints.h"
#include "examples/translate/options/help_text.h"
#include "examples/translate/options/write_output.h"

namespace gradus::translate {

namespace {

constexpr const char* kGroup = "Get help";
/// An argument that names a command, and the command that it named.
struct CommandArgument {
  explicit CommandArgument(const Command& program) : program(program) {
    for (const Command& command : program.commands) names.push_back(command.name);
    names.push_back("help");
  }
  Option option(const char* help) {
    return {
        .names = "command", .target = &name, .type = "COMMAND", .help = help, .choices = names, .complaint = accept};
  }
  static std::string accept(const std::string&) { return ""; }  // `chosen` complains of what is no command
  /// The program itself if none was named.
  const Command& chosen() {
    const std::string wanted = std::exchange(name, "");  // help would show it as the default
    if (wanted.empty()) return program;
    const Command* const command = find_command(program, wanted);
    if (command == nullptr) throw UsageError(unknown_command(program, wanted));
    return *command;
  }

  const Command& program;
  std::vector<const char*> names;
  std::string name;
};

Command help_command(const Command& program) {
  struct Arguments : CommandArgument {
    using CommandArgument::CommandArgument;
    bool all = false;
  };
  const auto arguments = std::make_shared<Arguments>(program);
  return {.name = "help",
          .help = "Show the commands, or the options of one",
          .group = kGroup,
          .footer = fmt::format("Examples:\n  {0} help\n  {0} help {1}\n  {0} help --all {1}\n", program.name,
                                program.commands.front().name),
          .options = {arguments->option("The command; without one, all of them are listed"),
                      {.names = "-a,--all", .target = &arguments->all, .help = "All options, not only the usual ones"}},
          .run = [arguments] {
            const HelpLength length = arguments->all ? HelpLength::Whole : HelpLength::Short;
            write_output(help_text(arguments->program, arguments->chosen(), length, terminal_width(STDOUT_FILENO)));
            return 0;
          }};
}

}

std::vector<Command> explaining_commands(const Command& program) { return {help_command(program)}; }

}
