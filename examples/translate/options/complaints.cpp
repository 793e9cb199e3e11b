#include "examples/translate/options/complaints.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "examples/translate/base/join_words.h"
#include "examples/translate/base/nearest.h"
#include "examples/translate/config/other_names.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

std::string shown(const std::string& word) { return word.empty() ? "\"\"" : word; }

/// The long names, with their dashes, of all options that the command takes.
std::vector<std::string> known_options(const Command& program, const Command& command) {
  std::vector<std::string> known;
  for (const Option& option : joined({command.options, help_options(program)})) {
    if (option.is_argument()) continue;
    known.push_back("--" + option.name());
    if (option.negatable) known.push_back("--no-" + option.name());
  }
  return known;
}

/// The option of this command that was perhaps meant, or a sentence; empty if nothing is known.
std::string meant_here(const Command& command, const std::vector<std::string>& known, const std::string& word) {
  const std::string written = "--" + plain_option_name(word);
  if (std::ranges::count(known, written) > 0) return written;  // for -beam, --BEAM and --max_length
  return std::string(option_here(word, known, command.name));
}

/// The same of another command of the program.
std::string meant_elsewhere(const Command& program, const std::string& word) {
  for (const Command& command : program.commands) {
    const std::string option = meant_here(command, known_options(program, command), word);
    if (option.starts_with("--")) return fmt::format("`{} {} {}`", program.name, command.name, option);
  }
  return "";
}

std::string nearest_option(const std::vector<std::string>& known, const std::string& word) {
  std::vector<std::string> names;
  for (const std::string& option : known) names.push_back(option.substr(2));
  const std::string similar = nearest(plain_option_name(word), names);
  return similar.empty() ? "" : "--" + similar;
}

std::vector<std::string> allowed_texts(const Option& option) {
  return {option.allowed().begin(), option.allowed().end()};
}

/// An option of these that has such a choice, with it: `--score dot`.
template <class Choose>
std::string choice_of_another(const Options& options, const Option& own, const Choose& choose) {
  for (const Option& option : options) {
    if (option.is_argument() || option.name() == own.name()) continue;
    const std::string choice = choose(allowed_texts(option));
    if (!choice.empty()) return fmt::format("--{} {}", option.name(), choice);
  }
  return "";
}

}

std::string unknown_command(const Command& program, const std::string& word) {
  const std::string here(command_here(word));
  const bool is_sentence = here.find(' ') != std::string::npos;
  if (is_sentence) return fmt::format("unknown command {}; {}", word, here);
  std::vector<std::string> names;
  for (const Command& command : program.commands) names.emplace_back(command.name);
  const bool is_command = find_command(program, here) != nullptr;
  return fmt::format("unknown command {}{}", shown(word),
                     did_you_mean(is_command ? here : nearest(lower_case(word), names)));
}

std::string unknown_option(const Command& program, const Command& command, const std::string& word) {
  const std::vector<std::string> known = known_options(program, command);
  std::string meant = meant_here(command, known, word);
  const bool is_sentence = !meant.empty() && !meant.starts_with("--");
  if (is_sentence) return fmt::format("unknown option {}; {}", word, meant);
  if (meant.empty()) meant = meant_elsewhere(program, word);
  if (meant.empty()) meant = nearest_option(known, word);
  return fmt::format("unknown option {}{}", word, did_you_mean(meant));
}

bool wants_two_dashes(const Command& program, const Command& command, const std::string& word) {
  const bool has_one_dash = word.size() > 2 && word[0] == '-' && word[1] != '-';
  return has_one_dash && !meant_here(command, known_options(program, command), word).empty();
}

std::string unknown_argument(const Command& command, const std::string& word) {
  const auto reads_files = [](const Option& option) { return option.completes() == Completes::Files; };
  const auto option = std::ranges::find_if(command.options, reads_files);
  const bool takes_arguments = std::ranges::any_of(command.options, &Option::is_argument);
  if (word.empty() || takes_arguments || option == command.options.end())
    return fmt::format("unknown argument {}", shown(word));
  return fmt::format("unknown argument {}; files need an option before them, such as --{} {}", shown(word),
                     option->name(), option->value_name());
}

std::string unknown_choice(const Options& options, const Option& option, const std::string& text) {
  const std::string word = lower_case(text);
  const std::vector<std::string> allowed = allowed_texts(option);
  std::string meant = choice_of_another(options, option, [&](const std::vector<std::string>& choices) {
    return std::ranges::count(choices, word) > 0 ? word : std::string();
  });
  const auto nearest_of = [&](const std::vector<std::string>& choices) { return nearest(word, choices); };
  if (std::ranges::count(allowed, word) > 0) meant = word;  // in other letters
  if (const std::string_view here = option_here(word, {"--" + option.name()}); here.find(' ') != std::string::npos)
    meant = here;  // with its value
  if (meant.empty()) meant = nearest_of(allowed);
  if (meant.empty()) meant = choice_of_another(options, option, nearest_of);
  return fmt::format("\"{}\" is not one of {}{}", text, join_words(allowed, ", "), did_you_mean(meant));
}

}
