#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/real.h"

namespace gradus::inline GRADUS_PRECISION {

/// A bump allocator: memory is handed out in 64-byte aligned pieces from large blocks, and given back only as a whole,
/// by rewinding to an earlier mark. Blocks are kept, so a step that needs no more than an earlier one allocates
/// nothing. Under AddressSanitizer the memory given back is poisoned.
class Arena {
 public:
  static constexpr std::size_t kAlignment = 64;  ///< bytes

  /// How far the memory is in use.
  struct Mark {
    std::size_t block = 0, offset = 0;  ///< which block, and how many bytes of it
  };

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  /// Uninitialised memory, valid until the arena is rewound to a mark taken before this call. Throws if there is none.
  void* allocate_bytes(std::size_t bytes);
  /// `count` uninitialised objects of a type that needs no destructor, since none is ever called.
  template <class T = Real>
  T* allocate(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment);
    return static_cast<T*>(allocate_bytes(count * sizeof(T)));
  }
  /// An object made of these arguments.
  template <class T, class... Args>
  T* make(Args&&... args) {
    return new (allocate<T>(1)) T{std::forward<Args>(args)...};
  }
  /// make(0), …, make(count - 1).
  template <class Make>
  auto make_array(std::size_t count, Make make) {
    using T = std::decay_t<decltype(make(count))>;
    T* const array = allocate<T>(count);
    for (std::size_t i = 0; i < count; ++i) new (&array[i]) T(make(i));
    return std::span<T>(array, count);
  }
  /// The values, copied to where closures may hold on to them.
  template <class T>
  std::span<T> copy(std::span<const T> values) {
    return make_array(values.size(), [&](std::size_t i) { return values[i]; });
  }

  Mark mark() const { return position_; }  ///< for `rewind`
  void rewind(Mark mark);                  ///< gives back all that was handed out since

 private:
  static constexpr std::size_t kFirstBlock = std::size_t{1} << 20;
  struct Block {
    std::byte* memory;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  Mark position_;
};

}
