#pragma once

#include <array>
#include <csignal>

namespace gradus::translate {

/// While it lives, the first SIGINT (Ctrl-C), SIGTERM or SIGHUP (the terminal was closed) only raises a flag, so that
/// the work can stop where it is safe; a second one ends the program at once. A guard inside of another one changes
/// nothing.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool raised();

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
  struct sigaction old_[kSignals.size()];
};

}
