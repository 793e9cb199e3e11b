#include "examples/translate/base/progress.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace gradus::translate {

namespace {

constexpr double kTerminalInterval = 0.2;  // seconds

/// Progress is for the eye only: a reader that has gone away is no reason to fail.
void put(std::FILE* out, const std::string& text) {
  std::fputs(text.c_str(), out);
  std::fflush(out);
}

}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string clock_text(double seconds) {
  const long long whole = std::llround(std::max(seconds, 0.0));
  const long long hours = whole / 3600, minutes = whole / 60 % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60)
                   : fmt::format("{}:{:02}", minutes, whole % 60);
}

std::size_t terminal_width(int descriptor) {
  constexpr std::size_t kUsual = 80, kMost = 10'000;
  const char* const variable = std::getenv("COLUMNS");
  const std::string_view text = variable != nullptr ? variable : "";
  std::size_t columns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  if (error == std::errc() && end == text.data() + text.size() && columns > 0 && columns <= kMost) return columns;
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

Progress::Progress(std::FILE* out, double plain_interval)
    : out_(out),
      terminal_(::isatty(::fileno(out)) != 0),
      interval_(terminal_ ? kTerminalInterval : plain_interval),
      next_(seconds_now() + interval_) {}

void Progress::show(const std::string& line) {
  next_ = seconds_now() + interval_;
  if (!terminal_) {
    put(out_, line + "\n");
    return;
  }
  put(out_, fmt::format("\r\033[K{}", line.substr(0, terminal_width(::fileno(out_)) - 1)));
  shown_ = true;
}

void Progress::print(const std::string& line) {
  clear();
  put(out_, line + "\n");
}

void Progress::clear() {
  if (shown_) put(out_, "\r\033[K");
  shown_ = false;
}

}
