#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// A bump allocator: memory is handed out in 64-byte aligned pieces from large blocks, and given back only as a whole,
/// by rewinding to an earlier mark. Blocks are kept, so a step that needs no more than an earlier one allocates
/// nothing. Under AddressSanitizer the memory given back is poisoned.
class Arena {
 public:
  static constexpr std::size_t kAlignment = 64;

  struct Mark {
    std::size_t block = 0, offset = 0;
  };

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  /// Uninitialised memory, valid until the arena is rewound to a mark taken before this call.
  void* allocate(std::size_t bytes);
  /// `count` uninitialised objects of a type that needs no destructor.
  template <class T>
  T* allocate_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment);
    return static_cast<T*>(allocate(count * sizeof(T)));
  }

  Mark mark() const { return position_; }
  void rewind(Mark mark);
  /// Bytes held from the system, in use or not.
  std::size_t capacity() const;

 private:
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete(memory, std::align_val_t(kAlignment)); }
  };
  struct Block {
    std::unique_ptr<std::byte, Free> memory;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  Mark position_;
};

/// Working memory of one function call: taken from an arena of the thread, given back at the end of the C++ scope.
class Scratch {
 public:
  Scratch() : mark_(arena().mark()) {}
  ~Scratch() { arena().rewind(mark_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T = Real>
  T* allocate(std::size_t count) {
    return arena().allocate_array<T>(count);
  }

 private:
  static Arena& arena();
  Arena::Mark mark_;
};

}
