#pragma once

#include <utility>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// While it lives, the fused ops of this thread are put together of basic ops, by their twins, so that a tape shows
/// what they do: each gate of an LSTM, each step of a layer. For people to look at, and slow.
///
///     const Unfused unfused;
///     write_player(model.loss(batch), "step.html");
class Unfused {
 public:
  explicit Unfused(bool on = true) : outer_(std::exchange(is_on_, on)) {}
  ~Unfused() { is_on_ = outer_; }
  Unfused(const Unfused&) = delete;
  Unfused& operator=(const Unfused&) = delete;

  static bool is_on() { return is_on_; }  ///< on this thread

 private:
  bool outer_;
  static inline thread_local bool is_on_ = false;
};

}
