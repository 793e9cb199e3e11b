#include "examples/translate/options/command_line.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>  // seen by this file alone: its header takes seconds to compile
#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>

#include "examples/translate/base/join_words.h"
#include "examples/translate/base/nearest.h"

namespace gradus::translate {

namespace {

/// Shows a flag that can be taken back as `--[no-]toy`.
struct HelpFormatter : CLI::Formatter {
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    if (option->get_fnames().empty()) return Formatter::make_option_name(option, is_positional);
    return "--[no-]" + option->get_lnames().front();
  }
};

/// The complaint of an option without a sign about one, which CLI11 would take for a very large number; else empty.
std::string not_negative(const std::string& text) { return text.starts_with("-") ? text + " is negative" : ""; }

/// A number in the range; unlike CLI::Range it also refuses what is no number.
CLI::Validator between(double low, double high) {
  return CLI::Validator(
      [=](std::string& text) {
        double value = 0;
        const bool inside = CLI::detail::lexical_cast(text, value) && value >= low && value <= high;
        return inside ? std::string() : fmt::format("Value {} not in range {} to {}", text, low, high);
      },
      fmt::format("FLOAT in [{} - {}]", low, high));
}

template <class Number>
CLI::Validator in_range(const Range& range) {
  if constexpr (std::is_integral_v<Number>) {
    return CLI::Range(static_cast<Number>(range.low), static_cast<Number>(range.high));
  } else {
    return between(range.low, range.high);
  }
}

CLI::Validator one_of(std::span<const char* const> names) {
  return CLI::IsMember(std::vector<std::string>(names.begin(), names.end()));
}

// One function for each kind of target.

CLI::Option* add(CLI::App& app, const Option& option, bool* target) {
  const std::string names = option.names;
  return app.add_flag(option.negatable ? fmt::format("{},!--no-{}", names, option.name()) : names, *target,
                      option.help);
}

template <class Number>
CLI::Option* add(CLI::App& app, const Option& option, Number* target) {
  CLI::Option* const added = app.add_option(option.names, *target, option.help);
  if (option.range) {
    added->check(in_range<Number>(*option.range));
  } else if constexpr (std::is_unsigned_v<Number>) {
    added->check(not_negative);
  }
  return added->capture_default_str();
}

template <class Number>
CLI::Option* add(CLI::App& app, const Option& option, std::optional<Number>* target) {
  CLI::Option* const added = app.add_option(option.names, *target, option.help);
  if (option.range) added->check(in_range<Number>(*option.range));
  return added;
}

CLI::Option* add(CLI::App& app, const Option& option, std::string* target) {
  return app.add_option(option.names, *target, option.help)->default_str(*target);
}

CLI::Option* add(CLI::App& app, const Option& option, std::vector<std::string>* target) {
  CLI::Option* const added = app.add_option(option.names, *target, option.help);
  const auto [least, most] = option.count;
  if (most != Count::kAnyNumber) {
    added->expected(least, most);
  } else if (least > 1) {
    added->expected(-least);
  }
  if (option.one_a_time) added->allow_extra_args(false);
  if (option.separator != 0) added->delimiter(option.separator);
  return added->default_str(join_words(*target));
}

CLI::Option* add(CLI::App& app, const Option& option, const ChoiceReference& target) {
  return app
      .add_option_function<std::string>(
          option.names, [target](const std::string& name) { target.parse(name); }, option.help)
      ->check(one_of(option.choices.empty() ? target.names() : option.choices))
      ->default_str(target.name());
}

CLI::Option* add(CLI::App& app, const Option& option) {
  CLI::Option* const added = std::visit([&](const auto& target) { return add(app, option, target); }, option.target);
  const bool is_choice = std::holds_alternative<ChoiceReference>(option.target);
  if (option.type != nullptr) added->type_name(option.type);
  if (is_choice && option.type == nullptr) added->type_name("KIND");
  if (!is_choice && !option.choices.empty()) added->check(one_of(option.choices));
  if (option.complaint != nullptr) added->check(option.complaint, "");
  if (option.may_repeat) added->take_last();
  if (option.group != nullptr) added->group(option.group);
  return added->required(option.required);
}

/// The options of these names, with commas between them.
std::vector<CLI::Option*> find_options(CLI::App& app, const char* names) {
  std::vector<CLI::Option*> found;
  if (names == nullptr) return found;
  for (const std::string& name : CLI::detail::split(names, ',')) found.push_back(app.get_option(name));
  return found;
}

/// A command, and the parser of its words.
class CommandParser {
 public:
  CommandParser(CLI::App& app, const Command& command) : app_(app), command_(command) {
    if (command.footer != nullptr) app.footer(command.footer);  // a command without one has the program's
    app.formatter(std::make_shared<HelpFormatter>());
    for (const Option& option : command.options) options_.push_back(add(app, option));
    for (std::size_t i = 0; i < options_.size(); ++i) {  // now that all are known by their names
      for (CLI::Option* needed : find_options(app, command.options[i].needs)) options_[i]->needs(needed);
      for (CLI::Option* excluded : find_options(app, command.options[i].excludes)) options_[i]->excludes(excluded);
    }
  }

  const CLI::App& app() const { return app_; }
  const Command& command() const { return command_; }
  void note_given() const {
    for (std::size_t i = 0; i < options_.size(); ++i) {
      if (command_.options[i].given != nullptr) *command_.options[i].given = options_[i]->count() > 0;
    }
  }

 private:
  CLI::App& app_;
  const Command& command_;
  std::vector<CLI::Option*> options_;  // of the command, in their order
};

/// What is wrong with words that the program or a command does not know, with the one that a misspelt word resembles.
std::string unknown_message(const CLI::App& app, const std::vector<std::string>& unknown) {
  const auto is_option = [](const std::string& word) { return word.starts_with("-"); };
  const bool has_commands = !app.get_subcommands({}).empty();  // options after a misspelt command are not to blame
  const auto option = has_commands ? unknown.end() : std::find_if(unknown.begin(), unknown.end(), is_option);
  const std::string& word = option == unknown.end() ? unknown.front() : *option;
  std::vector<std::string> names;
  for (const CLI::Option* known : app.get_options()) {
    for (const std::string& name : known->get_lnames()) names.push_back("--" + name);
  }
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  const std::string similar = nearest(word, names);
  return fmt::format("unknown {} {}{}", is_option(word) ? "option" : "argument", word,
                     similar.empty() ? "" : fmt::format("; did you mean {}?", similar));
}

std::string missing_message(const std::vector<Command>& commands) {
  std::string names;
  for (const Command& command : commands) {
    if (!names.empty()) names += &command == &commands.back() ? " or " : ", ";
    names += command.name;
  }
  return "a command is missing: " + names;
}

/// A program, and the parser of its command line.
class ProgramParser {
 public:
  explicit ProgramParser(const Command& program) : app_(program.help, program.name), program_(app_, program) {
    if (!program.version.empty()) app_.set_version_flag("--version", program.version);
    for (const Command& command : program.commands)
      commands_.emplace_back(*app_.add_subcommand(command.name, command.help), command);
    if (!commands_.empty()) app_.require_subcommand(0, 1);
  }

  /// Sets what the words say. Throws UsageError for a wrong command line, and returns an exit code if there is
  /// nothing else to do: --help and --version are answered here.
  std::optional<int> parse(std::vector<std::string> words) {
    std::ranges::reverse(words);  // the library takes the first one from the end
    try {
      app_.parse(std::move(words));
    } catch (const CLI::Success& success) {
      return app_.exit(success);
    } catch (const CLI::ParseError& error) {
      const std::vector<std::string> unknown = app_.remaining(true);
      throw UsageError(unknown.empty() ? error.what() : unknown_message(named().app(), unknown));
    }
    if (!has_named() && !commands_.empty()) throw UsageError(missing_message(program_.command().commands));
    named().note_given();
    return {};
  }

  /// The command that the words named; the program itself before that, or if it has no commands.
  const CommandParser& named() const {
    const auto found = std::ranges::find_if(commands_, [](const auto& command) { return command.app().parsed(); });
    return found == commands_.end() ? program_ : *found;
  }

  bool has_named() const { return &named() != &program_; }

 private:
  CLI::App app_;
  CommandParser program_;
  std::vector<CommandParser> commands_;
};

}

std::string Option::name() const {
  const std::string_view all = names;
  const std::size_t dashes = all.rfind("--");
  return std::string(dashes == std::string_view::npos ? all : all.substr(dashes + 2));
}

Options joined(std::initializer_list<Options> lists) {
  Options all;
  for (const Options& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

int run_program(const Command& program, int argc, char** argv) {
  ProgramParser parser(program);
  try {
    const std::optional<int> answered = parser.parse({argv + 1, argv + argc});
    return answered ? *answered : parser.named().command().run();
  } catch (const UsageError& error) {
    fmt::print(stderr, "{}: {}\nRun `{}{} --help` for help.\n", program.name, error.what(), program.name,
               parser.has_named() ? std::string(" ") + parser.named().command().name : "");
    return kWrongUsage;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "{}: out of memory\n", program.name);
    return kFailed;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program.name, error.what());
    return kFailed;
  }
}

void parse_words(const Command& command, const std::vector<std::string>& words) { ProgramParser(command).parse(words); }

}
