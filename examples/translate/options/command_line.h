#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "examples/translate/base/choices.h"
#include "examples/translate/base/number.h"
#include "examples/translate/base/usage_error.h"

/// Command lines as data: a command lists its options, each with the variable that it sets. The parser, and the help,
/// are made of these lists.

namespace gradus::translate {

/// The variable that an option sets. A bool is a flag, which takes no value; a list takes several.
using OptionTarget = std::variant<bool*, int*, std::uint64_t*, double*, std::optional<int>*, std::optional<double>*,
                                  std::string*, std::vector<std::string>*, ChoiceReference>;

/// How many words a list takes.
struct Count {
  static constexpr int kAnyNumber = std::numeric_limits<int>::max();
  int least = 1, most = kAnyNumber;
};

/// An option, or, if its name has no dash, an argument that is known by its place. Help shows the value that the target
/// has before anything is parsed, unless it is empty.
struct Option {
  const char* names;  ///< `-b,--beam`, or `source`
  OptionTarget target = {};
  const char* type = nullptr;  ///< what help calls a value: `N`, `DIR`
  const char* help;
  const char* group = nullptr;  ///< the heading in the help under which it stands
  bool required = false;
  bool may_repeat = false;  ///< its last value counts; otherwise it may be there once
  bool negatable = false;   ///< a flag that `--no-NAME` takes back
  bool is_input = false;    ///< files to read; among all of a command `-`, standard input, may be there once

  Range range = {};                           ///< of a number
  std::span<const char* const> choices = {};  ///< the only texts that it takes; those of a choice are known without
  std::string (*complaint)(const std::string& text) = nullptr;  ///< what is wrong with a text; empty if nothing is
  bool may_be_empty = false;                                    ///< a text, or an item of a list
  Count count = {};                                             ///< of a list
  bool one_a_time = false;                                      ///< a list of which each use of the option takes one
  char separator = 0;                                           ///< between items of a list, beside white space

  const char* needs = nullptr;     ///< the names of options without which it makes no sense, with commas between them
  const char* excludes = nullptr;  ///< those of options with which it makes none
  bool* given = nullptr;           ///< set if it is there

  /// Its long name without dashes: `beam`, `source`.
  std::string name() const;
};

using Options = std::vector<Option>;
/// All options of these lists, in their order.
Options joined(std::initializer_list<Options> lists);

/// A program, or one of its commands: its command line, and what it does.
struct Command {
  const char* name;
  const char* help;
  const char* footer = nullptr;  ///< stands after the options in the help; otherwise the program's does
  Options options = {};
  /// Returns the program's exit code, and throws for what the user should read as `gradus: ...`.
  std::function<int()> run = {};
  std::vector<Command> commands = {};  ///< of a program that has some: one of them must be named
  std::string version = {};            ///< what --version says; empty for no such option
};

inline constexpr int kFailed = 1, kWrongUsage = 2;  ///< exit codes
inline constexpr int kInterrupted = 130;            ///< after Ctrl-C: 128 + SIGINT

/// Runs the program, or the one of its commands that the arguments name, and returns the exit code. Errors go to
/// standard error: those of a wrong command line with the command whose help has the options, and with what a misspelt
/// word resembles.
int run_program(const Command& program, int argc, char** argv);

/// Sets what the words after a command's name say, and does not run it. Throws UsageError for a wrong command line.
void parse_words(const Command& command, const std::vector<std::string>& words);

}
