#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>
#include <system_error>

#include "autograd/error.h"
#include "examples/translate/checkpoint.h"
#include "examples/translate/commands.h"
#include "examples/translate/cores.h"
#include "examples/translate/unicode.h"

namespace gradus::translate {

namespace {

constexpr const char* kExamples = R"(Reads one sentence a line from standard input and writes one translation a line.
An empty line gives an empty line. On a terminal it asks for one sentence after the other.

Examples:
  gradus translate --model m < in.de > out.en
  echo "ein mann geht ." | gradus translate --model m --beam 1
)";

struct Options {
  std::string model;
  SearchOptions search;
  int threads = 0;
};

/// Standard input in whole lines: as many as are there at once. So a file comes in large batches, and what somebody
/// types, or a program sends and waits for, is answered line by line.
class InputLines {
 public:
  /// The next lines, at least one; none at the end. Throws Error for a line that is not UTF-8.
  std::vector<std::string> next() {
    std::vector<std::string> lines;
    while (lines.empty() && !ended_) {
      read_more();
      size_t begin = 0;
      for (size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
        add(lines, rest_.substr(begin, end - begin));
      rest_.erase(0, begin);
      if (ended_ && !rest_.empty()) add(lines, std::move(rest_));
    }
    return lines;
  }

 private:
  void read_more() {
    char chunk[1 << 16];
    ssize_t got;
    do {
      got = ::read(STDIN_FILENO, chunk, sizeof chunk);
    } while (got < 0 && errno == EINTR);
    if (got < 0) fail("stdin: cannot read: {}", std::generic_category().message(errno));
    rest_.append(chunk, static_cast<size_t>(got));
    ended_ = got == 0;
  }

  void add(std::vector<std::string>& lines, std::string line) {
    ++count_;
    if (count_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // a byte order mark
    if (line.ends_with('\r')) line.pop_back();
    const size_t invalid = find_invalid_utf8(line);
    if (invalid != std::string::npos) fail("stdin:{}: invalid UTF-8 at byte {}", count_, invalid + 1);
    lines.push_back(std::move(line));
  }

  std::string rest_;  // the beginning of a line whose end has not come yet
  size_t count_ = 0;
  bool ended_ = false;
};

int run(const Options& options) {
  const std::unique_ptr<Translator> translator = load_translator(options.model);
  ThreadPool pool(thread_count(options.threads));
  const bool interactive = ::isatty(STDIN_FILENO) != 0;
  const auto prompt = [&] {
    if (interactive) fmt::print(stderr, "> ");
  };

  if (interactive) fmt::print(stderr, "One sentence a line; Ctrl-D ends.\n");
  prompt();
  InputLines input;
  for (std::vector<std::string> lines = input.next(); !lines.empty(); lines = input.next()) {
    std::string output;
    for (const std::string& line : translator->translate(lines, options.search, pool)) output += line + "\n";
    write_output(output);
    prompt();
  }
  if (interactive) fmt::print(stderr, "\n");
  return 0;
}

}

Command add_translate(CLI::App& program) {
  CLI::App* command = program.add_subcommand("translate", "Translate text");
  const auto options = std::make_shared<Options>();
  add_model_option(*command, options->model);
  add_search_options(*command, options->search);
  add_threads_option(*command, options->threads);
  command->footer(kExamples);
  return {command, [options] { return run(*options); }};
}

}
