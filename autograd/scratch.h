#pragma once

#include "autograd/arena.h"

namespace gradus::inline GRADUS_PRECISION {

/// Working memory of one function call: taken from an arena of the thread, given back at the end of the C++ scope.
class Scratch {
 public:
  Scratch() : mark_(arena().mark()) {}
  ~Scratch() { arena().rewind(mark_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// Uninitialised memory for `count` numbers.
  template <class T = Real>
  T* allocate(std::size_t count) {
    return arena().allocate<T>(count);
  }
  /// make(0), …, make(count - 1).
  template <class Make>
  auto make_array(std::size_t count, Make make) {
    return arena().make_array(count, make);
  }

 private:
  static Arena& arena() {
    static thread_local Arena arena;
    return arena;
  }
  Arena::Mark mark_;
};

}
