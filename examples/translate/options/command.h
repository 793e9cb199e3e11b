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
#include "examples/translate/config/interval.h"

/// Command lines as data: a command lists its options, each with the variable that it sets. The parser, the help, the
/// manual pages and the completion of shells are made of these lists.

namespace gradus::translate {

inline constexpr int kFailed = 1, kWrongUsage = 2;  ///< exit codes
inline constexpr int kInterrupted = 130;            ///< after Ctrl-C: 128 + SIGINT

/// The variable that an option sets. A bool is a flag, which takes no value; a list takes several.
using OptionTarget = std::variant<bool*, int*, std::uint64_t*, double*, std::optional<int>*, std::optional<double>*,
                                  std::string*, std::vector<std::string>*, Interval*, ChoiceReference>;

/// How many words a list takes.
struct Count {
  static constexpr int kAnyNumber = std::numeric_limits<int>::max();
  int least = 1, most = kAnyNumber;
};

/// What a shell completes in the place of a value, if there are no choices.
enum class Completes { Nothing, Files, Folders };

/// An option, or, if its name has no dash, an argument that is known by its place. Help shows the value that the target
/// has before anything is parsed, unless it is empty.
struct Option {
  const char* names;  ///< `-b,--beam`, or `source`
  OptionTarget target = {};
  const char* type = nullptr;   ///< what help calls a value: `N`, or, to be completed by shells, `FILE` or `DIR`
  const char* help;             ///< its first sentence alone stands where there is little room
  const char* group = nullptr;  ///< the heading in the help under which it stands
  bool required = false;
  bool may_repeat = false;  ///< its last value counts; otherwise it may be there once
  bool negatable = false;   ///< a flag that `--no-NAME` takes back
  bool is_input = false;    ///< files to read; among all of a command `-`, standard input, may be there once

  Range range = {};                           ///< of a number
  std::span<const char* const> choices = {};  ///< the only texts that it takes; those of a choice are known without
  /// What is wrong with a text, empty if nothing is; if there is one, it also judges what is none of the choices.
  std::string (*complaint)(const std::string& text) = nullptr;
  bool decided = false;       ///< by the text that a command reads, unless it is given
  bool may_be_empty = false;  ///< a text, or an item of a list
  Count count = {};           ///< of a list
  bool one_a_time = false;    ///< a list of which each use of the option takes one
  char separator = 0;         ///< between items of a list, beside white space

  const char* needs = nullptr;     ///< the names of options without which it makes no sense, with commas between them
  const char* excludes = nullptr;  ///< those of options with which it makes none
  bool* given = nullptr;           ///< set if it is there

  /// Its long name without dashes: `beam`, `source`.
  std::string name() const;
  /// As they are written: `-b` and `--beam`; none of an argument.
  std::vector<std::string> written_names() const;
  bool is_argument() const { return *names != '-'; }
  bool is_flag() const { return std::holds_alternative<bool*>(target); }
  bool is_list() const { return std::holds_alternative<std::vector<std::string>*>(target); }
  /// What help calls its value, `N`, `SRC TGT` or `FILE...`; empty for a flag.
  std::string value_name() const;
  /// The only texts that it takes; empty if there are others.
  std::span<const char* const> allowed() const;
  /// The value that the target has; empty if there is none to show.
  std::string value_text() const;
  Completes completes() const;
};

/// The names in a list with commas between them, as `needs` and `excludes` have them; none for nullptr.
std::vector<std::string> split_names(const char* names);

using Options = std::vector<Option>;
/// All options of these lists, in their order.
Options joined(std::initializer_list<Options> lists);

/// A heading of a short help, and the options that stand under it: their long names, with commas between them.
struct HelpSection {
  const char* heading;
  const char* names;
};

/// A program, or one of its commands: its command line, and what it does.
struct Command {
  const char* name;
  const char* help;
  const char* group = nullptr;  ///< the heading in the program's help under which it stands
  /// What help says after the options: paragraphs, and after `Examples:` a command a line, indented, the most useful
  /// ones first. Without one, it is the program's.
  std::string footer = {};
  std::vector<HelpSection> short_help = {};  ///< what --help shows, by task; otherwise it shows all
  Options options = {};
  /// Returns the program's exit code, and throws for what the user should read as `gradus: ...`.
  std::function<int()> run = {};
  bool on_all_ranks =
      false;  ///< the ranks of an MPI program run it together (base/ranks.h); otherwise rank 0 does alone
  std::vector<Command> commands = {};  ///< of a program that has some: one of them must be named
  std::string version = {};            ///< what --version says; empty for no such option
};

/// The options that every command has besides its own; they are answered before all else.
Options help_options(const Command& program);

/// The command of this name; nullptr if the program has none.
const Command* find_command(const Command& program, std::string_view name);

}
