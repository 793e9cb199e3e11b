#include "examples/translate/options/help_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>

#include "examples/translate/options/help_parts.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

constexpr std::size_t kIndent = 2, kGap = 2;
constexpr std::size_t kWidestNames = 26;  // longer ones have their help below them
constexpr std::size_t kShortExamples = 3;

/// A line of a help with two columns.
struct Entry {
  std::string names, help;
};

struct Section {
  std::string heading;
  std::vector<Entry> entries;
};

std::string blanks(std::size_t count) { return std::string(count, ' '); }

/// How wide the column of the names is, so that most stand beside their help.
std::size_t names_width(const std::vector<Section>& sections, std::size_t columns) {
  const std::size_t most = std::min(kWidestNames, columns / 3);
  std::size_t width = 0;
  for (const Section& section : sections) {
    for (const Entry& entry : section.entries) {
      const std::size_t own = display_width(entry.names);
      if (own <= most) width = std::max(width, own);
    }
  }
  return width;
}

std::string text_of(const Entry& entry, std::size_t names, std::size_t columns) {
  const std::size_t margin = kIndent + names + kGap, own = display_width(entry.names);
  std::string text = blanks(kIndent) + entry.names;
  bool beside = own <= names;
  for (const std::string& line : wrapped(entry.help, columns - std::min(columns - 1, margin))) {
    text += beside ? blanks(margin - kIndent - own) : '\n' + blanks(margin);
    text += line;
    beside = false;
  }
  return text + '\n';
}

/// The sections, one under the other; their names have one width.
std::string text_of(const std::vector<Section>& sections, std::size_t columns) {
  const std::size_t names = names_width(sections, columns);
  std::string text;
  for (const Section& section : sections) {
    text += fmt::format("\n{}:\n", section.heading);
    for (const Entry& entry : section.entries) text += text_of(entry, names, columns);
  }
  return text;
}

Entry entry_of(const Option& option, HelpLength length) {
  const bool is_short = length == HelpLength::Short;
  const std::string help = is_short ? first_sentence(option.help) : option.help;
  const std::string further = is_short ? value_notes(option) : notes(option);
  return {heading(option), further.empty() ? help : fmt::format("{} [{}]", help, further)};
}

/// The sections of a short help by task.
std::vector<Section> tasks_of(const Command& command) {
  std::vector<Section> sections;
  for (const HelpSection& task : command.short_help) {
    Section& section = sections.emplace_back(Section{task.heading, {}});
    for (const std::string& name : split_names(task.names)) {
      const auto option = std::ranges::find(command.options, name, &Option::name);
      if (option == command.options.end()) throw std::logic_error(fmt::format("no option {} to help with", name));
      section.entries.push_back(entry_of(*option, HelpLength::Short));
    }
  }
  return sections;
}

std::vector<Section> sections_of(const Command& program, const Command& command) {
  std::vector<Section> sections;
  for (const auto& group : command_groups(command)) {
    Section& section = sections.emplace_back(Section{group.heading, {}});
    for (const Command* item : group.items) section.entries.push_back({item->name, item->help});
  }
  for (const auto& group : option_groups(command.options)) {
    Section& section = sections.emplace_back(Section{group.heading, {}});
    for (const Option* option : group.items) section.entries.push_back(entry_of(*option, HelpLength::Whole));
  }
  Section& section = sections.emplace_back(Section{"General", {}});
  for (const Option& option : help_options(program)) section.entries.push_back(entry_of(option, HelpLength::Whole));
  return sections;
}

}

std::string help_text(const Command& program, const Command& command, HelpLength length, std::size_t columns) {
  const bool by_task = length == HelpLength::Short && !command.short_help.empty();
  std::string text;
  const auto add_paragraph = [&](const std::string& paragraph) {
    for (const std::string& line : wrapped(paragraph, columns)) text += line + '\n';
  };
  add_paragraph(command.help);
  text += '\n';
  add_paragraph("Usage: " + usage(program, command));
  text += text_of(by_task ? tasks_of(command) : sections_of(program, command), columns);

  Footer footer = footer_of(program, command);
  if (by_task) {
    footer.paragraphs.clear();
    footer.examples.resize(std::min(footer.examples.size(), kShortExamples));
  }
  for (const std::string& paragraph : footer.paragraphs) {
    text += '\n';
    add_paragraph(paragraph);
  }
  if (!footer.examples.empty()) text += "\nExamples:\n";
  for (const std::string& example : footer.examples) text += example + '\n';
  if (by_task) {
    text += '\n';
    add_paragraph(
        fmt::format("`{} --help-all` has all {} options.", invocation(program, command), command.options.size()));
  }
  return text;
}

}
