#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// From now on every op of the process checks that its values, and the gradients it passes back, are finite, and throws
/// an `Error` that names op and module if not. Off by default, since it reads every number once more. It does not see
/// the shares of parameters that are added up at the end of a step, and takes a masked log_softmax's -inf for an error.
void set_check_finite(bool on);

enum class Pass { Forward, Backward };
using OpObserver = void (*)(const char* op, Pass pass);

/// Calls `observer` with the name of an op when it has computed its output, and again when its closure has run; on the
/// thread that does so. Null switches it off. What passes between two calls is the time of the later one's op. Returns
/// the observer before.
OpObserver set_op_observer(OpObserver observer);

/// Hears of the ops of its thread's tapes, for as long as it lives: the outputs of each when they have been computed,
/// and once more when its closure has passed their gradients back. Variables count as ops here. Listeners of a thread
/// end in the reverse order of their beginning.
class OpListener {
 public:
  OpListener();
  OpListener(const OpListener&) = delete;
  OpListener& operator=(const OpListener&) = delete;
  virtual void computed(std::span<const Tensor>) {}
  virtual void passed_back(std::span<const Tensor>) {}

 protected:
  ~OpListener();

 private:
  friend struct Listeners;
  OpListener* outer_;
};

}
