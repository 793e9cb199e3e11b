#include "examples/translate/base/interrupt.h"

#include <atomic>

namespace gradus::translate {

namespace {

std::atomic<bool> flag = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // else a handler could not set it
int guards = 0;

void raise_flag(int) { flag = true; }

/// A signal that is ignored stays so: a shell script protects what it runs in the background from Ctrl-C like this.
void replace(int signal, const struct sigaction& action, struct sigaction& old) {
  sigaction(signal, nullptr, &old);
  if (old.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
}

}

InterruptGuard::InterruptGuard() {
  if (guards++ > 0) return;
  flag = false;
  struct sigaction action {};
  action.sa_handler = raise_flag;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) replace(kSignals[i], action, old_[i]);
}

InterruptGuard::~InterruptGuard() {
  if (--guards > 0) return;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &old_[i], nullptr);
  flag = false;
}

bool InterruptGuard::raised() { return flag; }

void InterruptGuard::give_up_if_raised() {
  if (raised()) throw Interrupted();
}

}
