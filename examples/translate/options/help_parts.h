#pragma once

#include <string>
#include <vector>

#include "examples/translate/options/command.h"

/// What the help and the manual page of a command are made of.

namespace gradus::translate {

/// What is typed to run the command: `gradus train`; `gradus` for the program itself.
std::string invocation(const Command& program, const Command& command);

/// How it is used: `gradus bleu [OPTIONS] HYP REF...`.
std::string usage(const Command& program, const Command& command);

/// `-m, --model DIR`, `--[no-]joint`, `HYP`.
std::string heading(const Option& option);

/// What there is to know of an option besides its help: `required`, `power, wu; default power`, and in all notes also
/// `1 to 1000; needs --json`.
std::string value_notes(const Option&option), notes(const Option&option);

/// The text up to its first full stop that a blank follows.
std::string first_sentence(const std::string& text);

/// What stands under a heading.
template <class Item>
struct HelpGroup {
  std::string heading;
  std::vector<const Item*> items;
};

/// The options by their groups, in their order; arguments come first, and options without a group next.
std::vector<HelpGroup<Option>> option_groups(const Options& options);
/// The commands of a program by their groups; those without one come first.
std::vector<HelpGroup<Command>> command_groups(const Command& program);

/// A footer, taken apart.
struct Footer {
  std::vector<std::string> paragraphs;  ///< each on one line
  std::vector<std::string> examples;    ///< a command line each
};
Footer footer_of(const Command& program, const Command& command);

}
