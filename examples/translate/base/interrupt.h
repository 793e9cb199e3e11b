#pragma once

#include <array>
#include <csignal>

namespace gradus::translate {

/// Thrown where work is given up because somebody interrupted it.
struct Interrupted {};

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
  /// Throws Interrupted if the flag is raised. Any thread may call it: a flag can only be up while there is a guard, so
  /// whoever has none is never interrupted.
  static void give_up_if_raised();

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
  struct sigaction old_[kSignals.size()];
};

}
