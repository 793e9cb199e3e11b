#include "examples/translate/options/write_output.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "autograd/error.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

void write_output(std::string_view text) {
  static const bool is_terminal = ::isatty(STDOUT_FILENO) != 0;
  if (is_terminal) {
    write_coloured(visible(text, "\n\t"));
  } else {
    write_coloured(text);
  }
}

void write_coloured(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
  fail("cannot write the output: {}", std::generic_category().message(errno));
}

void write_message(std::string_view message) {
  constexpr size_t kMost = 6000, kEnd = 500;  // bytes, and those of its end, where the rule stands
  std::string line(message);
  if (line.size() > kMost) line.replace(kMost - kEnd, line.size() - kMost, " [...] ");
  fmt::print(stderr, "{}\n", visible(line, "\t"));
}

}
