#include "examples/translate/options/command_line.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>  // seen by this file alone: its header takes seconds to compile
#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>

#include "autograd/error.h"
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

/// `INT in [1 - 64]`, as help has it; empty for a range whose end only guards against overflow.
template <class Number>
std::string range_in_help(const Range& range) {
  if (range.high >= 1e9) return "";
  return fmt::format("{} in {}{} - {}]", std::is_integral_v<Number> ? "INT" : "FLOAT", range.above ? '(' : '[',
                     range.low, range.high);
}

/// Complains about what `read_number` refuses.
template <class Number>
CLI::Validator number_in(const Range& range) {
  return CLI::Validator(
      [range](std::string& text) -> std::string {
        try {
          read_number<Number>(text, range);
          return "";
        } catch (const Error& error) {
          return error.what();
        }
      },
      range_in_help<Number>(range));
}

/// Complains about an empty value, such as a shell makes of a variable that is not set.
CLI::Validator some_text(const Option& option) {
  const std::string complaint =
      fmt::format("the value is empty; need {}", option.type == nullptr ? "a value" : option.type);
  return CLI::Validator([complaint, may_be_empty = option.may_be_empty](
                            std::string& text) { return text.empty() && !may_be_empty ? complaint : ""; },
                        "");
}

CLI::Validator one_of(std::span<const char* const> names) {
  return CLI::IsMember(std::vector<std::string>(names.begin(), names.end()));
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
  return app.add_flag(option.negatable ? fmt::format("{},!--no-{}", names, option.name()) : names, *target,
                      option.help);
}

template <class Number, class Target>
CLI::Option* add_number(CLI::App& app, const Option& option, Target* target) {
  const auto read = [target](const std::string& text) { *target = read_number<Number>(text); };
  return app.add_option_function<std::string>(option.names, read, option.help)->check(number_in<Number>(option.range));
}

template <class Number>
CLI::Option* add(CLI::App& app, const Option& option, Number* target) {
  return add_number<Number>(app, option, target)->default_str(fmt::format("{}", *target));
}

template <class Number>
CLI::Option* add(CLI::App& app, const Option& option, std::optional<Number>* target) {
  return add_number<Number>(app, option, target);
}

CLI::Option* add(CLI::App& app, const Option& option, std::string* target) {
  return app.add_option(option.names, *target, option.help)->check(some_text(option))->default_str(*target);
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
  return added->check(some_text(option))->default_str(join_words(*target));
}

CLI::Option* add(CLI::App& app, const Option& option, const ChoiceReference& target) {
  return app
      .add_option_function<std::string>(
          option.names, [target](const std::string& name) { target.parse(name); }, option.help)
      ->check(some_text(option))
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
  if (!std::holds_alternative<bool*>(option.target)) added->transform(CLI::Validator(take_off_guard, ""));
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
  void require_one_stdin() const {
    std::vector<std::string> files;
    for (const Option& option : command_.options) {
      if (!option.is_input) continue;
      if (const auto* file = std::get_if<std::string*>(&option.target)) files.push_back(**file);
      if (const auto* list = std::get_if<std::vector<std::string>*>(&option.target))
        files.insert(files.end(), (*list)->begin(), (*list)->end());
    }
    translate::require_one_stdin(command_.name, files);
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
  return fmt::format("unknown {} {}{}", is_option(word) ? "option" : "argument", word.empty() ? "\"\"" : word,
                     similar.empty() ? "" : fmt::format("; did you mean {}?", similar));
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
    give_empty_values(words);
    guard_brackets(words);
    std::ranges::reverse(words);  // the library takes the first one from the end
    try {
      app_.parse(std::move(words));
    } catch (const CLI::Success& success) {
      return app_.exit(success);
    } catch (const CLI::ValidationError& error) {  // may be one because the value is missing, and a name in its place
      throw UsageError(error.what());
    } catch (const CLI::ParseError& error) {
      std::vector<std::string> unknown = app_.remaining(true);
      std::ranges::for_each(unknown, take_off_guard);
      throw UsageError(unknown.empty() ? error.what() : unknown_message(named().app(), unknown));
    }
    if (!has_named() && !commands_.empty()) throw UsageError(missing_message(program_.command().commands));
    named().note_given();
    named().require_one_stdin();
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
