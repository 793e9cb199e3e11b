#include "examples/translate/options/command.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "examples/translate/base/join_words.h"

namespace gradus::translate {

namespace {

// The text of a target, one function for each kind.

std::string text_of(const bool* flag, bool negatable) { return negatable && *flag ? "on" : ""; }
template <class Number>
std::string text_of(const Number* number, bool) {
  return fmt::format("{}", *number);
}
template <class Number>
std::string text_of(const std::optional<Number>* number, bool negatable) {
  return *number ? text_of(&**number, negatable) : "";
}
std::string text_of(const std::string* text, bool) { return *text; }
std::string text_of(const std::vector<std::string>* list, bool) { return join_words(*list); }
std::string text_of(const Interval* interval, bool) { return interval->text(); }
std::string text_of(const ChoiceReference& choice, bool) { return choice.name(); }

}

std::string Option::name() const {
  const std::string_view all = names;
  const std::size_t dashes = all.rfind("--");
  return std::string(dashes == std::string_view::npos ? all : all.substr(dashes + 2));
}

std::vector<std::string> Option::written_names() const {
  return is_argument() ? std::vector<std::string>() : split_names(names);
}

std::string Option::value_name() const {
  if (is_flag()) return "";
  const std::string name = type != nullptr ? type : allowed().empty() ? "TEXT" : "KIND";
  const bool takes_more = is_list() && count.most > count.least && !one_a_time;
  return takes_more && !name.ends_with("...") ? name + "..." : name;
}

std::span<const char* const> Option::allowed() const {
  const ChoiceReference* const choice = std::get_if<ChoiceReference>(&target);
  return choices.empty() && choice != nullptr ? choice->names() : choices;
}

std::string Option::value_text() const {
  return std::visit([this](const auto& value) { return text_of(value, negatable); }, target);
}

Completes Option::completes() const {
  const std::string name = value_name();
  if (name.starts_with("DIR")) return Completes::Folders;
  return is_input || name.starts_with("FILE") ? Completes::Files : Completes::Nothing;
}

std::vector<std::string> split_names(const char* names) { return split_at(',', names == nullptr ? "" : names); }

Options joined(std::initializer_list<Options> lists) {
  Options all;
  for (const Options& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

Options help_options(const Command& program) {
  static bool answered = false;  // what they say is never set, but a flag needs a variable
  Options options = {{.names = "-h,--help", .target = &answered, .help = "Show the options that matter most"},
                     {.names = "--help-all", .target = &answered, .help = "Show all options"}};
  if (!program.version.empty())
    options.push_back({.names = "-V,--version", .target = &answered, .help = "Show the version"});
  return options;
}

const Command* find_command(const Command& program, std::string_view name) {
  const auto found = std::ranges::find_if(program.commands, [&](const auto& command) { return command.name == name; });
  return found == program.commands.end() ? nullptr : &*found;
}

}
