#include "examples/translate/options/explaining_commands.h"

#include <fmt/core.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "examples/translate/base/progress.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/options/complaints.h"
#include "examples/translate/options/completion.h"
#include "examples/translate/options/help_text.h"
#include "examples/translate/options/man_page.h"
#include "examples/translate/options/write_output.h"
#include "nn/storage/atomic_file.h"

namespace gradus::translate {

namespace {

constexpr const char* kGroup = "Get help";

constexpr const char* kCompletionFooter =
    R"(Where the program is installed, shells find this by themselves. Otherwise a shell reads it in the place that is its own:

Examples:
  {0} completion bash > ~/.local/share/bash-completion/completions/{0}
  {0} completion zsh > ~/.zfunc/_{0}   # a folder of $fpath
  {0} completion fish > ~/.config/fish/completions/{0}.fish
)";

/// An argument that names a command, and the command that it named.
struct CommandArgument {
  explicit CommandArgument(const Command& program) : program(program) {
    for (const Command& command : program.commands) names.push_back(command.name);
    for (const char* own : {"help", "completion", "man"}) names.push_back(own);
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

Command completion_command(const Command& program) {
  const auto shell = std::make_shared<Shell>();
  return {.name = "completion",
          .help = "Print what makes a shell complete commands and options",
          .group = kGroup,
          .footer = fmt::format(kCompletionFooter, program.name),
          .options = {{.names = "shell",
                       .target = shell.get(),
                       .type = "SHELL",
                       .help = "The shell that is to read it",
                       .required = true}},
          .run = [shell, &program] {
            write_output(completion_script(program, *shell));
            return 0;
          }};
}

Command man_command(const Command& program) {
  struct Arguments : CommandArgument {
    using CommandArgument::CommandArgument;
    std::string folder;
  };
  const auto arguments = std::make_shared<Arguments>(program);
  return {.name = "man",
          .help = "Print a manual page",
          .group = kGroup,
          .footer = fmt::format("Examples:\n  {0} man {1} | man -l -\n  {0} man --out ~/.local/share/man/man1\n",
                                program.name, program.commands.front().name),
          .options = {arguments->option("The command; without one, the page is the program's"),
                      {.names = "-o,--out",
                       .target = &arguments->folder,
                       .type = "DIR",
                       .help = "Write all pages into this folder"}},
          .run = [arguments] {
            const Command& whole = arguments->program;
            const Command& chosen = arguments->chosen();
            const std::string folder = std::exchange(arguments->folder, "");  // a page would show it as the default
            if (folder.empty()) {
              write_output(man_page(whole, chosen));
              return 0;
            }
            make_folder(folder);
            write_file_atomically(fmt::format("{}/{}.1", folder, whole.name), man_page(whole, whole));
            for (const Command& command : whole.commands) {
              write_file_atomically(fmt::format("{}/{}-{}.1", folder, whole.name, command.name),
                                    man_page(whole, command));
            }
            return 0;
          }};
}

}

std::vector<Command> explaining_commands(const Command& program) {
  return {help_command(program), completion_command(program), man_command(program)};
}

}
