#include "examples/translate/options/command_line.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>  // seen by this file alone: its header takes seconds to compile
#include <algorithm>
#include <csignal>
#include <cstring>
#include <exception>
#include <new>
#include <span>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/base/progress.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/machine/ranks.h"
#include "examples/translate/options/complaints.h"
#include "examples/translate/options/explaining_commands.h"
#include "examples/translate/options/help_parts.h"
#include "examples/translate/options/help_text.h"
#include "examples/translate/options/write_output.h"

namespace gradus::translate {

namespace {

/// Complains about what `read` throws an Error for.
template <class Read>
CLI::Validator what_reads(Read read) {
  return CLI::Validator(
      [read](std::string& text) -> std::string {
        try {
          read(text);
          return "";
        } catch (const Error& error) {
          return error.what();
        }
      },
      "");
}

/// Complains about an empty value, such as a shell makes of a variable that is not set.
CLI::Validator some_text(const Option& option) {
  return CLI::Validator(
      [&option](std::string& text) -> std::string {
        if (!text.empty() || option.may_be_empty) return "";
        const std::vector<std::string> allowed(option.allowed().begin(), option.allowed().end());
        return "the value is empty; need " +
               (allowed.empty() ? option.value_name() : "one of " + join_words(allowed, ", "));
      },
      "");
}

/// The library takes the brackets off a word like [this] and splits it at commas, so the parser hands it to the library
/// with a character at its end that no word of a command line has.
constexpr char kGuard = '\0';

void guard_brackets(std::vector<std::string>& words) {
  for (std::string& word : words) {
    if (word.starts_with('[') && word.ends_with(']')) word += kGuard;
  }
}

std::string take_off_guard(std::string& word) {
  if (word.ends_with(kGuard)) word.pop_back();
  return "";
}

// One function for each kind of target.

CLI::Option* add(CLI::App& app, const Option& option, bool* target) {
  const std::string names = option.names;
  return app.add_flag(option.negatable ? fmt::format("{},!--no-{}", names, option.name()) : names, *target);
}

template <class Number, class Target>
CLI::Option* add_number(CLI::App& app, const Option& option, Target* target) {
  const auto read = [target](const std::string& text) { *target = read_number<Number>(text); };
  return app.add_option_function<std::string>(option.names, read)
      ->check(what_reads([range = option.range](const std::string& text) { read_number<Number>(text, range); }));
}

template <class Number>
CLI::Option* add(CLI::App& app, const Option& option, Number* target) {
  return add_number<Number>(app, option, target);
}

template <class Number>
CLI::Option* add(CLI::App& app, const Option& option, std::optional<Number>* target) {
  return add_number<Number>(app, option, target);
}

CLI::Option* add(CLI::App& app, const Option& option, std::string* target) {
  return app.add_option(option.names, *target)->check(some_text(option));
}

CLI::Option* add(CLI::App& app, const Option& option, std::vector<std::string>* target) {
  CLI::Option* const added = app.add_option(option.names, *target);
  const auto [least, most] = option.count;
  if (most != Count::kAnyNumber) {
    added->expected(least, most);
  } else if (least > 1) {
    added->expected(-least);
  }
  if (option.one_a_time) added->allow_extra_args(false);
  if (option.separator != 0) added->delimiter(option.separator);
  return added->check(some_text(option));
}

CLI::Option* add(CLI::App& app, const Option& option, const ChoiceReference& target) {
  return app.add_option_function<std::string>(option.names, [target](const std::string& name) { target.parse(name); })
      ->check(some_text(option));
}

CLI::Option* add(CLI::App& app, const Option& option, Interval* target) {
  const auto read = [target](const std::string& text) { *target = read_interval(text); };
  return app.add_option_function<std::string>(option.names, read)->check(what_reads(read_interval));
}

/// Complains about a text that is none of the option's choices.
CLI::Validator one_of_choices(const Options& options, const Option& option) {
  return CLI::Validator(
      [&](std::string& text) {
        const bool allowed = std::ranges::count(option.allowed(), std::string_view(text)) > 0;
        return allowed ? std::string() : unknown_choice(options, option, text);
      },
      "");
}

/// Adds an option of these.
CLI::Option* add(CLI::App& app, const Options& options, const Option& option) {
  CLI::Option* const added = std::visit([&](const auto& target) { return add(app, option, target); }, option.target);
  if (!option.is_flag()) added->type_name(option.value_name());
  if (option.complaint != nullptr) {
    added->check(option.complaint, "");
  } else if (!option.allowed().empty()) {
    added->check(one_of_choices(options, option));
  }
  if (option.may_repeat) added->take_last();
  if (!option.is_flag()) added->transform(CLI::Validator(take_off_guard, ""));
  return added->required(option.required);
}

/// The options of these names, with commas between them.
std::vector<CLI::Option*> find_options(CLI::App& app, const char* names) {
  std::vector<CLI::Option*> found;
  for (const std::string& name : split_names(names)) found.push_back(app.get_option(name));
  return found;
}

bool is_option(const std::string& word) { return word.size() > 1 && word.starts_with("-"); }

/// The words before `--`, after which none is an option.
std::span<const std::string> words_with_options(const std::vector<std::string>& words) {
  return {words.begin(), std::ranges::find(words, "--")};
}

/// Throws UsageError for `-beam`, which the library would take for -b with the value `eam`.
void require_two_dashes(const Command& program, const Command& command, const std::vector<std::string>& words) {
  for (const std::string& word : words_with_options(words)) {
    if (wants_two_dashes(program, command, word)) throw UsageError(unknown_option(program, command, word));
  }
}

/// Throws UsageError for an option with too few values: the library would take the next option for one.
void require_values(const Command& command, const std::vector<std::string>& words) {
  const std::span<const std::string> all = words_with_options(words);
  const auto option_at = [&](std::size_t i) -> const Option* {
    for (const Option& option : command.options) {
      const std::vector<std::string> names = option.written_names();
      if (std::ranges::count(names, all[i]) > 0) return &option;
    }
    return nullptr;
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Option* const option = option_at(i);
    if (option == nullptr || option->is_flag()) continue;
    const int least = option->is_list() && !option->one_a_time ? option->count.least : 1;
    for (int value = 0; value < least; ++value) {
      if (++i == all.size() || option_at(i) != nullptr)
        throw UsageError(
            fmt::format("--{0}: a value is missing; need --{0} {1}", option->name(), option->value_name()));
    }
  }
}

/// Makes two words of `--name=`: the library would take the word after it for the value.
void give_empty_values(std::vector<std::string>& words) {
  const auto end = std::ranges::find(words, "--") - words.begin();
  for (auto i = end; i-- > 0;) {
    if (!words[i].starts_with("--") || words[i].find('=') != words[i].size() - 1) continue;
    words[i].pop_back();
    words.insert(words.begin() + i + 1, "");
  }
}

/// Throws UsageError if standard input stands for two of the files that the command reads.
void require_one_reader(const Command& command) {
  std::vector<std::string> files;
  for (const Option& option : command.options) {
    if (!option.is_input) continue;
    if (const auto* file = std::get_if<std::string*>(&option.target)) files.push_back(**file);
    if (const auto* list = std::get_if<std::vector<std::string>*>(&option.target))
      files.insert(files.end(), (*list)->begin(), (*list)->end());
  }
  require_one_stdin(command.name, files);
}

/// Throws UsageError for a list that has begun, and has fewer items than it takes. Options have enough words after them
/// (`require_values`), but the library gives these to an argument that lacks some.
void require_enough(const Command& command, const std::vector<CLI::Option*>& options) {
  const auto missing = [&](std::size_t i) {
    const Option& option = command.options[i];
    const int found = static_cast<int>(options[i]->results().size());
    return option.is_list() && found > 0 ? std::max(option.count.least - found, 0) : 0;
  };
  int taken = 0;  // from options
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (!command.options[i].is_argument()) taken += missing(i);
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    const Option& option = command.options[i];
    const int least = option.count.least, found = static_cast<int>(options[i]->results().size()) - taken;
    if (option.is_argument() && option.is_list() && missing(i) + taken > 0)
      throw UsageError(fmt::format("{}: {} is too few; need at least {}", option.name(), found, least));
  }
}

/// Sets what the words of one of the program's commands say.
void parse(const Command& program, const Command& command, std::vector<std::string> words) {
  CLI::App app;
  app.set_help_flag();  // help is answered before
  std::vector<CLI::Option*> options;
  for (const Option& option : command.options) options.push_back(add(app, command.options, option));
  for (std::size_t i = 0; i < options.size(); ++i) {  // now that all are known by their names
    for (CLI::Option* needed : find_options(app, command.options[i].needs)) options[i]->needs(needed);
    for (CLI::Option* excluded : find_options(app, command.options[i].excludes)) options[i]->excludes(excluded);
  }

  give_empty_values(words);
  require_two_dashes(program, command, words);
  require_values(command, words);
  guard_brackets(words);
  std::ranges::reverse(words);  // the library takes the first one from the end
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    std::vector<std::string> unknown = app.remaining();
    std::ranges::for_each(unknown, take_off_guard);
    if (unknown.empty()) {
      require_enough(command, options);
      throw UsageError(error.what());
    }
    const auto option = std::ranges::find_if(unknown, is_option);
    throw UsageError(option == unknown.end() ? unknown_argument(command, unknown.front())
                                             : unknown_option(program, command, *option));
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (command.options[i].given != nullptr) *command.options[i].given = options[i]->count() > 0;
  }
  require_one_reader(command);
}

/// Answers a command line that asks for help or the version, whatever else it says; false if it does not.
bool explained(const Command& program, const Command& command, const std::vector<std::string>& words) {
  for (const std::string& word : words_with_options(words)) {
    const bool all = word == "--help-all";
    if (all || word == "-h" || word == "--help") {
      const HelpLength length = all ? HelpLength::Whole : HelpLength::Short;
      write_output(help_text(program, command, length, terminal_width(STDOUT_FILENO)));
      return true;
    }
    if (!program.version.empty() && (word == "-V" || word == "--version")) {
      write_output(program.version + "\n");
      return true;
    }
  }
  return false;
}

/// The last name of a path.
const char* file_name(const char* path) {
  const char* const slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

/// The command that the words name, whose name it takes out of them; the program itself if they name none.
const Command& take_command(const Command& program, std::vector<std::string>& words) {
  const auto name = std::ranges::find_if_not(words, is_option);
  if (program.commands.empty() || name == words.end()) return program;
  const Command* const command = find_command(program, *name);
  if (command == nullptr) throw UsageError(unknown_command(program, *name));
  words.erase(name);
  return *command;
}

}

int run_program(const std::function<Command()>& make, int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that is larger than the system allows is an error of writing then
  Command program{.name = file_name(argv[0]), .help = ""};  // until it is made
  const Command* command = &program;
  try {
    program = make();
    if (!program.commands.empty()) {
      for (Command& explaining : explaining_commands(program)) program.commands.push_back(std::move(explaining));
    }
    std::vector<std::string> words(argv + 1, argv + argc);
    command = &take_command(program, words);
    if (explained(program, *command, words)) return 0;
    if (!command->commands.empty()) {
      if (!words.empty()) throw UsageError(unknown_option(program, program, words.front()));
      fmt::print(stderr, "{}", help_text(program, program, HelpLength::Short, terminal_width(STDERR_FILENO)));
      return kWrongUsage;
    }
    parse(program, *command, std::move(words));
    return command->on_all_ranks || ranks().rank() == 0 ? command->run() : 0;
  } catch (const UsageError& error) {
    write_message(fmt::format("{}: {}", program.name, error.what()));
    write_message(fmt::format("Run `{} --help` for help.", invocation(program, *command)));
    return kWrongUsage;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "{}: out of memory\n", program.name);
    return kFailed;
  } catch (const std::exception& error) {
    write_message(fmt::format("{}: {}", program.name, error.what()));
    return kFailed;
  }
}

void parse_words(const Command& command, const std::vector<std::string>& words) { parse(command, command, words); }

}
