#include "examples/translate/base/interrupt.h"

namespace gradus::translate {

namespace {

volatile std::sig_atomic_t flag = 0;
int guards = 0;

void raise_flag(int) { flag = 1; }

/// A signal that is ignored stays so: a shell script protects what it runs in the background from Ctrl-C like this.
void replace(int signal, const struct sigaction& action, struct sigaction& old) {
  sigaction(signal, nullptr, &old);
  if (old.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
}

}

InterruptGuard::InterruptGuard() {
  if (guards++ > 0) return;
  flag = 0;
  struct sigaction action {};
  action.sa_handler = raise_flag;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) replace(kSignals[i], action, old_[i]);
}

InterruptGuard::~InterruptGuard() {
  if (--guards > 0) return;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &old_[i], nullptr);
}

bool InterruptGuard::raised() { return flag != 0; }

}
