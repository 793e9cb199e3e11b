#pragma once

#include "autograd/seam.h"
#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// Tells `observer`, which outlives all tapes, of every op of the process from now on, beside those that are told
/// already. Throws if there are four. While there is none, a tape calls nobody.
void add_observer(const TapeObserver& observer);
void remove_observer(const TapeObserver& observer);

/// Which way an op works: when it is called, or when its closure runs.
enum class Pass { Forward, Backward };
/// A function that is told of an op.
using OpObserver = void (*)(const char* op, Pass pass);

/// Calls `observer` with the name of an op when it has computed its output, and again when its closure has run; on the
/// thread that does so. Null switches it off. What passes between two calls is the time of the later one's op. Returns
/// the observer before.
OpObserver set_op_observer(OpObserver observer);

/// Who observes from the beginning: the checking mode, if the environment asks for it (check.cpp), or else nobody.
const TapeObserver* first_observer();

/// Hears of the ops of its thread's tapes, for as long as it lives: the outputs of each when they have been computed,
/// and once more when its closure has passed their gradients back. Variables count as ops here. Listeners of a thread
/// end in the reverse order of their beginning.
class OpListener {
 public:
  OpListener();
  OpListener(const OpListener&) = delete;
  OpListener& operator=(const OpListener&) = delete;
  virtual void computed(std::span<const Tensor>) {}     ///< is told of the outputs of an op
  virtual void passed_back(std::span<const Tensor>) {}  ///< and of them once more, backward

 protected:
  ~OpListener();

 private:
  friend struct Listeners;
  OpListener* outer_;
};

}
