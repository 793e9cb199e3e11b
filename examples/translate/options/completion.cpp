#include "examples/translate/options/completion.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "examples/translate/base/join_words.h"
#include "examples/translate/options/help_parts.h"

namespace gradus::translate {

namespace {

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

/// The text between single quotes, as bash and zsh read it, or fish.
std::string quoted(const std::string& text) { return "'" + replaced(text, "'", "'\\''") + "'"; }
std::string quoted_in_fish(const std::string& text) {
  return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

/// The script with the program's name in the place of NAME, and one that functions may have in that of FUNCTION.
std::string named(const std::string& script, const Command& program) {
  return replaced(replaced(script, "FUNCTION", replaced(program.name, "-", "_")), "NAME", program.name);
}

std::string choices_of(const Option& option) { return join_words({option.allowed().begin(), option.allowed().end()}); }

/// All names under which the command takes an option.
std::vector<std::string> option_names(const Command& program, const Command& command) {
  std::vector<std::string> names;
  for (const Option& option : joined({command.options, help_options(program)})) {
    for (std::string& name : option.written_names()) names.push_back(std::move(name));
    if (option.negatable) names.push_back("--no-" + option.name());
  }
  return names;
}

const Option* first_argument(const Command& command) {
  const auto found = std::ranges::find_if(command.options, &Option::is_argument);
  return found == command.options.end() ? nullptr : &*found;
}

int most_values(const Option& option) {
  return option.is_flag() ? 0 : !option.is_list() || option.one_a_time ? 1 : option.count.most;
}

/// Whether files or folders may stand further on than one word behind an option; zsh and fish know no more of that.
bool takes_more_files(const Command& command) {
  return std::ranges::any_of(command.options, [](const Option& option) {
    return option.completes() != Completes::Nothing && most_values(option) > 1 && !option.is_argument();
  });
}

constexpr const char* kBash = R"(# bash completion of NAME, made by `NAME completion bash`

# VALUES COMMAND [OPTION]: what stands after the option, or as an argument of the command, and how often at most.
_FUNCTION_values() {
  kind='' most=0
  case "$1 ${2-}" in
VALUES  esac
}

_FUNCTION_options() {
  case $1 in
OPTIONS  esac
}

_FUNCTION() {
  local cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} option='' given=0 i kind most
  for ((i = 2; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      =) ;;
      -*) option=${COMP_WORDS[i]} given=0 ;;
      *) ((++given)) ;;
    esac
  done
  [[ $cur == = ]] && cur=''
  if ((COMP_CWORD == 1)); then
    kind='COMMANDS'
  elif [[ $cur == -* ]]; then
    kind=$(_FUNCTION_options "$command")
  else
    _FUNCTION_values "$command" "$option"
    ((given < most)) || _FUNCTION_values "$command"
    [[ $kind ]] || ((given < most)) || kind=$(_FUNCTION_options "$command")
  fi
  case $kind in
    :files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    :folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$kind" -- "$cur") ;;
  esac
}
complete -F _FUNCTION NAME
)";

std::string bash_kind(const Option& option) {
  if (option.completes() == Completes::Nothing) return quoted(choices_of(option));
  return option.completes() == Completes::Files ? ":files" : ":folders";
}

std::string bash_script(const Command& program) {
  std::string values, options, commands;
  for (const Command& command : program.commands) {
    options += fmt::format("    {}) echo {} ;;\n", command.name, quoted(join_words(option_names(program, command))));
    commands += fmt::format("{} ", command.name);
    if (const Option* argument = first_argument(command))
      values += fmt::format("    '{} ') kind={} ;;\n", command.name, bash_kind(*argument));
    for (const Option& option : command.options) {
      for (const std::string& name : option.written_names()) {
        if (!option.is_flag())
          values += fmt::format("    '{} {}') kind={} most={} ;;\n", command.name, name, bash_kind(option),
                                most_values(option));
      }
    }
  }
  const std::string script =
      replaced(replaced(kBash, "VALUES  esac", values + "  esac"), "OPTIONS  esac", options + "  esac");
  return named(replaced(script, "COMMANDS", commands + join_words(option_names(program, program))), program);
}

constexpr const char* kZsh = R"(#compdef NAME
# zsh completion of NAME, made by `NAME completion zsh`

_FUNCTION() {
  local context state state_descr line
  typeset -A opt_args
  local -a commands=(
COMMANDS  )
  _arguments -CGENERAL '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe -t commands command commands ;;
    argument)
      case $words[1] in
SPECS      esac ;;
  esac
}

_FUNCTION "$@"
)";

std::string zsh_action(const Option& option) {
  if (option.completes() == Completes::Files) return "_files";
  if (option.completes() == Completes::Folders) return "_files -/";
  return option.allowed().empty() ? " " : fmt::format("({})", choices_of(option));
}

/// What `_arguments` of zsh is told of the values: `:SRC:_files:TGT:_files`, or `:DIR:_files -/` of any number.
std::string zsh_values(const Option& option) {
  if (option.is_flag()) return "";
  std::string text, value = option.value_name();
  const int values = most_values(option) == Count::kAnyNumber ? 1 : most_values(option);
  for (int i = 0; i < values; ++i) {
    const std::size_t blank = std::min(value.find(' '), value.size());
    text += fmt::format(":{}:{}", value.substr(0, blank), zsh_action(option));
    if (blank < value.size()) value.erase(0, blank + 1);
  }
  return text;
}

/// What `_arguments` is told of an option: a word for each of its names.
std::string zsh_specs(const Option& option) {
  std::string help = first_sentence(option.help);
  for (const char* special : {"\\", "[", "]", ":"}) help = replaced(help, special, std::string("\\") + special);
  std::vector<std::string> names = option.written_names();
  if (option.negatable) names.push_back("--no-" + option.name());
  const std::string others = option.is_list() ? "*" : fmt::format("({})", join_words(names));
  std::string specs;
  for (const std::string& name : names)
    specs += ' ' + quoted(fmt::format("{}{}[{}]{}", others, name, help, zsh_values(option)));
  return specs;
}

std::string zsh_script(const Command& program) {
  std::string commands, specs, general;
  for (const Option& option : help_options(program)) general += zsh_specs(option);
  for (const Command& command : program.commands) {
    commands += fmt::format("    {}\n", quoted(fmt::format("{}:{}", command.name, command.help)));
    specs += fmt::format("        {}) _arguments", command.name);
    for (const Option& option : joined({command.options, help_options(program)})) {
      if (!option.is_argument()) specs += " \\\n         " + zsh_specs(option);
    }
    if (const Option* argument = first_argument(command)) {
      specs += ' ' + quoted(fmt::format("*:{}:{}", argument->value_name(), zsh_action(*argument)));
    } else if (takes_more_files(command)) {
      specs += " '*:FILE:_files'";
    }
    specs += " ;;\n";
  }
  const std::string script = replaced(replaced(kZsh, "COMMANDS", commands), "SPECS", specs);
  return named(replaced(script, "GENERAL", general), program);
}

constexpr const char* kFish = R"(# fish completion of NAME, made by `NAME completion fish`

function __FUNCTION_is # [COMMAND]: the command line names this command, or none yet
    set -l words (commandline -opc)
    test "$words[2]" = "$argv"
end

complete -c NAME -f
)";

std::string fish_values(const Option& option) {
  if (option.is_flag()) return "";
  if (option.completes() == Completes::Files) return " -r -F";
  if (option.completes() == Completes::Folders) return " -x -a '(__fish_complete_directories (commandline -ct))'";
  return option.allowed().empty() ? " -x" : fmt::format(" -x -a {}", quoted_in_fish(choices_of(option)));
}

std::string fish_line(const Command& program, const std::string& command, const Option& option) {
  std::string line = fmt::format("complete -c {} -n '__FUNCTION_is {}'", program.name, command);
  for (const std::string& name : option.written_names())
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  std::string values = fish_values(option);
  if (option.is_argument()) values = replaced(replaced(values, " -r", ""), " -x", "");
  return line + values + (option.is_argument() ? "" : " -d " + quoted_in_fish(first_sentence(option.help))) + '\n';
}

std::string fish_script(const Command& program) {
  std::string script = kFish;
  for (const Option& option : help_options(program)) script += fish_line(program, "", option);
  for (const Command& command : program.commands) {
    script += fmt::format("complete -c {} -n '__FUNCTION_is' -a {} -d {}\n", program.name, command.name,
                          quoted_in_fish(command.help));
    for (const Option& option : joined({command.options, help_options(program)})) {
      script += fish_line(program, command.name, option);
      if (!option.negatable) continue;
      const std::string opposite = "--no-" + option.name();
      script +=
          fish_line(program, command.name, {.names = opposite.c_str(), .target = option.target, .help = option.help});
    }
    if (takes_more_files(command))
      script += fmt::format("complete -c {} -n '__FUNCTION_is {}' -F\n", program.name, command.name);
  }
  return named(script, program);
}

}

std::string completion_script(const Command& program, Shell shell) {
  if (shell == Shell::Bash) return bash_script(program);
  return shell == Shell::Zsh ? zsh_script(program) : fish_script(program);
}

}
