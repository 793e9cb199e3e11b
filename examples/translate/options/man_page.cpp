#include "examples/translate/options/man_page.h"

#include <fmt/core.h>

#include <algorithm>

#include "examples/translate/options/help_parts.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

/// The text as troff prints it unchanged: no character that means something to it, none beyond ASCII.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char32_t letter : code_points(text)) {
    switch (letter) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      case '`':
        result += "\\(ga";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '"':
        result += "\\(dq";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      default:
        letter < 128 ? result += static_cast<char>(letter)
                     : result += fmt::format("\\[u{:04X}]", static_cast<unsigned>(letter));
    }
  }
  return result.starts_with('.') ? "\\&" + result : result;
}

std::string bold(const std::string& text) { return "\\fB" + escaped(text) + "\\fR"; }

/// A name in bold, and what is said of it.
std::string entry(const std::string& name, const std::string& text) {
  return fmt::format(".TP\n{}\n{}\n", bold(name), escaped(text));
}

std::string entry(const Option& option) {
  const std::string further = notes(option);
  return entry(heading(option), further.empty() ? option.help : fmt::format("{} [{}]", option.help, further));
}

/// The name of a page: `gradus-train`.
std::string page_name(const Command& program, const Command& command) {
  std::string name = invocation(program, command);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string options_section(const Command& program, const Command& command) {
  std::string text;
  for (const auto& group : command_groups(command)) {
    text += fmt::format(".SH {}\n", escaped(group.heading));
    for (const Command* item : group.items) text += entry(item->name, item->help);
  }
  text += ".SH OPTIONS\n";
  for (const auto& group : option_groups(command.options)) {
    text += fmt::format(".SS {}\n", escaped(group.heading));
    for (const Option* option : group.items) text += entry(*option);
  }
  text += ".SS General\n";
  for (const Option& option : help_options(program)) text += entry(option);
  return text;
}

std::string see_also(const Command& program, const Command& command) {
  std::vector<std::string> pages;
  if (&command != &program) pages.push_back(program.name);
  for (const Command& other : program.commands) {
    if (&other != &command) pages.push_back(page_name(program, other));
  }
  std::string text;
  for (const std::string& page : pages) text += fmt::format("{}{}(1)", text.empty() ? "" : ",\n", bold(page));
  return text.empty() ? "" : fmt::format(".SH SEE ALSO\n{}\n", text);
}

}

std::string man_page(const Command& program, const Command& command) {
  const std::string name = page_name(program, command), how = usage(program, command),
                    invoked = invocation(program, command);
  std::string title = name;
  std::ranges::transform(title, title.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  std::string text = fmt::format(".TH {} 1 \"\" \"{}\" \"{} manual\"\n.nh\n.ad l\n", escaped(title),
                                 escaped(program.version), program.name);
  text += fmt::format(".SH NAME\n{} \\- {}\n", escaped(name), escaped(command.help));
  text += fmt::format(".SH SYNOPSIS\n{}{}\n", bold(invoked), escaped(how.substr(invoked.size())));
  const Footer footer = footer_of(program, command);
  if (!footer.paragraphs.empty()) text += ".SH DESCRIPTION\n";
  for (const std::string& paragraph : footer.paragraphs) text += fmt::format(".PP\n{}\n", escaped(paragraph));
  text += options_section(program, command);
  if (!footer.examples.empty()) text += ".SH EXAMPLES\n.nf\n";
  for (const std::string& example : footer.examples) text += escaped(example) + '\n';
  if (!footer.examples.empty()) text += ".fi\n";
  return text + see_also(program, command);
}

}
