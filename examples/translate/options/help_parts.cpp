#include "examples/translate/options/help_parts.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "examples/translate/base/join_words.h"

namespace gradus::translate {

namespace {

/// The group with this heading, made if there is none.
template <class Item>
HelpGroup<Item>& group_of(std::vector<HelpGroup<Item>>& groups, const std::string& heading) {
  const auto found = std::ranges::find(groups, heading, &HelpGroup<Item>::heading);
  return found != groups.end() ? *found : groups.emplace_back(HelpGroup<Item>{heading, {}});
}

template <class Item>
void drop_empty(std::vector<HelpGroup<Item>>& groups) {
  std::erase_if(groups, [](const auto& group) { return group.items.empty(); });
}

}

std::string invocation(const Command& program, const Command& command) {
  return &command == &program ? program.name : fmt::format("{} {}", program.name, command.name);
}

std::string usage(const Command& program, const Command& command) {
  std::string text = invocation(program, command);
  if (!command.commands.empty()) text += " COMMAND";
  text += " [OPTIONS]";
  for (const bool arguments : {true, false}) {
    for (const Option& option : command.options) {
      if (option.is_argument() != arguments || !(option.required || arguments)) continue;
      const std::string word =
          arguments ? option.value_name() : fmt::format("--{} {}", option.name(), option.value_name());
      text += option.required ? " " + word : fmt::format(" [{}]", word);
    }
  }
  return text;
}

std::string heading(const Option& option) {
  std::string text = join_words(option.written_names(), ", ");
  if (option.negatable) text = "--[no-]" + option.name();
  const std::string value = option.value_name();
  return text.empty() || value.empty() ? text + value : fmt::format("{} {}", text, value);
}

std::string value_notes(const Option& option) {
  std::vector<std::string> parts;
  if (option.required && !option.is_argument()) parts.emplace_back("required");
  if (!option.allowed().empty()) parts.push_back(join_words({option.allowed().begin(), option.allowed().end()}, ", "));
  if (option.decided) {
    parts.emplace_back("by the text");
  } else if (const std::string value = option.value_text(); !value.empty() && !option.required) {
    parts.push_back("default " + value);
  }
  return join_words(parts, "; ");
}

std::string notes(const Option& option) {
  constexpr double kNoBound = 1e9;  // an end that only guards against overflow
  std::vector<std::string> parts;
  if (const std::string values = value_notes(option); !values.empty()) parts.push_back(values);
  if (const Range& range = option.range; range.high < kNoBound)
    parts.push_back(fmt::format("{}{} to {}", range.above ? "above " : "", range.low, range.high));
  if (option.one_a_time) parts.emplace_back("may be repeated");
  if (option.needs != nullptr) parts.push_back("needs " + join_words(split_names(option.needs), ", "));
  if (option.excludes != nullptr) parts.push_back("not with " + join_words(split_names(option.excludes), ", "));
  return join_words(parts, "; ");
}

std::string first_sentence(const std::string& text) { return text.substr(0, text.find(". ")); }

std::vector<HelpGroup<Option>> option_groups(const Options& options) {
  std::vector<HelpGroup<Option>> groups = {{"Arguments", {}}, {"Options", {}}};
  for (const Option& option : options) {
    const char* const name = option.is_argument() ? "Arguments" : option.group == nullptr ? "Options" : option.group;
    group_of(groups, name).items.push_back(&option);
  }
  drop_empty(groups);
  return groups;
}

std::vector<HelpGroup<Command>> command_groups(const Command& program) {
  std::vector<HelpGroup<Command>> groups = {{"Commands", {}}};
  for (const Command& command : program.commands)
    group_of(groups, command.group == nullptr ? "Commands" : command.group).items.push_back(&command);
  drop_empty(groups);
  return groups;
}

Footer footer_of(const Command& program, const Command& command) {
  const std::string& text = command.footer.empty() ? program.footer : command.footer;
  Footer footer;
  bool in_paragraph = false;
  for (const std::string& line : split_at('\n', text)) {
    const bool is_text = !line.empty() && !line.starts_with(' ') && !line.starts_with("Example");
    if (line.starts_with(' ')) {
      footer.examples.push_back(line);
    } else if (is_text && in_paragraph) {
      footer.paragraphs.back() += ' ' + line;
    } else if (is_text) {
      footer.paragraphs.push_back(line);
    }
    in_paragraph = is_text;
  }
  return footer;
}

}
