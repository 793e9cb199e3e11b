#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <set>
#include <string>

#include "autograd/error.h"
#include "examples/translate/base/nearest.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/config/other_names.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/options/command_line.h"
#include "examples/translate/options/explaining_commands.h"
#include "examples/translate/options/help_parts.h"
#include "examples/translate/options/help_text.h"
#include "examples/translate/options/man_page.h"
#include "examples/translate/text/unicode.h"
#include "tests/support/address_sanitizer.h"
#include "tests/support/temporary_folder.h"

using namespace gradus::translate;

namespace {

/// The program with the commands that explain it.
const Command& whole_program() {
  static Command program = gradus_program();
  static const bool complete = [] {
    for (Command& command : explaining_commands(program)) program.commands.push_back(std::move(command));
    return true;
  }();
  CHECK(complete);
  return program;
}

std::vector<std::string> help_lines(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char letter : text) letter == '\n' ? void(lines.emplace_back()) : lines.back().push_back(letter);
  return lines;
}

bool has_word(const std::string& text, const std::string& word) {
  return std::ranges::count(split_words(text), std::string_view(word)) > 0;
}

/// A command whose only option has this help.
Command command_with(const char* help) {
  static std::string text;
  return {.name = "p", .help = "h", .options = {{.names = "--long-name", .target = &text, .type = "N", .help = help}}};
}

}

TEST_CASE("help: all of it fits 80 columns, its options unbroken") {
  const Command& program = whole_program();
  for (const Command& command : program.commands) {
    for (const HelpLength length : {HelpLength::Short, HelpLength::Whole}) {
      const std::string text = help_text(program, command, length, 80);
      for (const std::string& line : help_lines(text)) CHECK_MESSAGE(display_width(line) <= 80, line);
      if (length == HelpLength::Short && !command.short_help.empty()) continue;
      for (const Option& option : command.options) {
        const std::string name = option.is_argument() ? option.value_name()
                                 : option.negatable   ? "--[no-]" + option.name()
                                                      : "--" + option.name();
        CHECK_MESSAGE(has_word(text, name), command.name, " ", name);
      }
    }
  }
}

TEST_CASE("help: narrow terminals break lines at blanks alone") {
  const Command& program = whole_program();
  for (const std::size_t columns : {1, 20, 40, 60}) {
    if (kAddressSanitizer && columns != 20) continue;  // for its time
    for (const Command& command : program.commands) {
      const std::string text = help_text(program, command, HelpLength::Whole, columns);
      for (const Option& option : command.options) {
        for (const std::string_view word : split_words(option.help)) CHECK(has_word(text, std::string(word)));
      }
    }
  }
}

TEST_CASE("help: lines are counted in columns of the terminal") {
  CHECK(wrapped("ab cd ef", 5) == std::vector<std::string>{"ab cd", "ef"});
  CHECK(wrapped("ab cd ef", 4) == std::vector<std::string>{"ab", "cd", "ef"});
  CHECK(wrapped("äöü ßß", 6) == std::vector<std::string>{"äöü ßß"});
  CHECK(wrapped("日本 語", 6) == std::vector<std::string>{"日本", "語"});
  CHECK(wrapped("--an-option-that-is-long x", 8) == std::vector<std::string>{"--an-option-that-is-long", "x"});
  CHECK(wrapped("", 8).empty());
}

TEST_CASE("help: names that are too long stand above what is said of them") {
  const Command command = command_with("one two three");
  CHECK(help_text(command, command, HelpLength::Whole, 80).find("  --long-name N  one two three\n") !=
        std::string::npos);
  CHECK(help_text(command, command, HelpLength::Whole, 30).find("  --long-name N\n") != std::string::npos);
}

TEST_CASE("help: notes say what an option takes") {
  int number = 3;
  std::string text;
  std::vector<std::string> list;
  constexpr std::array kNames{"a", "b"};
  CHECK(notes({.names = "--n", .target = &number, .help = "", .range = {1, 5}}) == "default 3; 1 to 5");
  CHECK(notes({.names = "--n", .target = &number, .help = "", .range = {1, 1e9}}) == "default 3");
  CHECK(notes({.names = "--t", .target = &text, .help = "", .required = true, .choices = kNames, .needs = "--n,--m"}) ==
        "required; a, b; needs --n, --m");
  CHECK(notes({.names = "--l", .target = &list, .help = "", .one_a_time = true, .excludes = "--n"}) ==
        "may be repeated; not with --n");
  CHECK(heading({.names = "-l,--list", .target = &list, .type = "FILE", .help = ""}) == "-l, --list FILE...");
  CHECK(heading({.names = "-l,--list", .target = &list, .type = "SRC TGT", .help = "", .count = {2, 2}}) ==
        "-l, --list SRC TGT");
  CHECK(heading({.names = "word", .target = &text, .type = "WORD", .help = ""}) == "WORD");
  CHECK(first_sentence("One, e.g.this. Two. Three") == "One, e.g.this");
}

TEST_CASE("help: a footer is paragraphs and examples") {
  const Command command = {
      .name = "c", .help = "", .footer = "One\nline.\n\nTwo.\n\nExamples:\n  c --x\n  c --y \\\n      z\n\nThree.\n"};
  const Footer footer = footer_of(command, command);
  CHECK(footer.paragraphs == std::vector<std::string>{"One line.", "Two.", "Three."});
  CHECK(footer.examples == std::vector<std::string>{"  c --x", "  c --y \\", "      z"});
}

TEST_CASE("help: the arguments of a command are completed alike") {
  for (const Command& command : whole_program().commands) {
    std::set<Completes> kinds;
    for (const Option& option : command.options) {
      if (option.is_argument()) kinds.insert(option.completes());
    }
    CHECK_MESSAGE(kinds.size() <= 1, command.name);
  }
}

TEST_CASE("a manual page means nothing to troff but what it says") {
  const Command command = command_with(".dot 'quote' `tick` back\\slash –");
  const std::string page = man_page(command, command);
  CHECK(page.find("\n\\&.dot \\(aqquote\\(aq \\(gatick\\(ga back\\eslash \\[u2013]\n") != std::string::npos);
}

TEST_CASE("names of other toolkits lead to options and commands that there are") {
  const Command& program = whole_program();
  std::set<std::string> options;
  for (const Command& command : program.commands) {
    for (const Option& option : command.options) options.insert("--" + option.name());
  }
  for (const std::string& option : options_of_table()) CHECK_MESSAGE(options.contains(option), option);
  for (const std::string& command : commands_of_table())
    CHECK_MESSAGE(find_command(program, command) != nullptr, command);
}

TEST_CASE("a name of another toolkit is found however it is written, if the command has what it leads to") {
  const std::vector<std::string> known = {"--batch-size", "--beam"};
  for (const char* name : {"--bs", "-bs", "bs", "--BS", "--bs=3"}) CHECK(option_here(name, known) == "--batch-size");
  CHECK(option_here("--per_device_train_batch_size", known) == "--batch-size");
  CHECK(option_here("--bs", {"--beam"}) == "batches make themselves, no size is needed");
  CHECK(option_here("--beam-size", known) == "--beam");
  CHECK(option_here("--beam-size", {"--valid-beam"}) == "--valid-beam");
  CHECK(option_here("--beam-size", {}).empty());
  CHECK(option_here("--frobnicate", known).empty());
  CHECK(option_here("--test", {}, "train").starts_with("a test comes after"));
  CHECK(option_here("--test", {}, "info").empty());
}

TEST_CASE("a word that begins others is near to the shortest") {
  const std::vector<std::string> words = {"learning-rate-decay", "learning-rate", "lr"};
  CHECK(nearest("learning", words) == "learning-rate");
  CHECK(nearest("le", words).empty());
  CHECK(nearest("xr", words).empty());
}

TEST_CASE("what goes wrong before there is a command ends in a line and an exit code, too") {
  const TemporaryFolder folder;
  std::string path = "build/gradus";
  char* arguments[] = {path.data(), nullptr};
  const auto complaint = [&](Command (*make)()) {
    const int kept = ::dup(STDERR_FILENO), file = ::creat(folder.file("errors").c_str(), 0600);
    ::dup2(file, STDERR_FILENO);
    const int code = run_program(make, 1, arguments);
    ::dup2(kept, STDERR_FILENO);
    ::close(kept);
    ::close(file);
    return fmt::format("{} {}", code, read_file(folder.file("errors")));
  };
  CHECK(complaint([]() -> Command { throw std::bad_alloc(); }) == "1 gradus: out of memory\n");
  CHECK(complaint([]() -> Command { throw gradus::Error("no options"); }) == "1 gradus: no options\n");
}
