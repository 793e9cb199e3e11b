#pragma once

#include <string>

#include "examples/translate/options/command.h"

/// What is wrong with words that are not understood, and what was perhaps meant: a name that is spelled nearly so, what
/// another toolkit calls the same (config/other_names.h), or what belongs to another command or option.

namespace gradus::translate {

std::string unknown_command(const Command& program, const std::string& word);

/// Of an option, with its dashes.
std::string unknown_option(const Command& program, const Command& command, const std::string& word);

/// Whether a word with one dash is a long name that wants two: `-beam`, or `-lr` of another toolkit.
bool wants_two_dashes(const Command& program, const Command& command, const std::string& word);

/// Of a word that no option takes.
std::string unknown_argument(const Command& command, const std::string& word);

/// Of a text that is none of the option's choices.
std::string unknown_choice(const Options& options, const Option& option, const std::string& text);

}
