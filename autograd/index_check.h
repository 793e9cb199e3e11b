#pragma once

#include <atomic>

#include "autograd/shape.h"

/// `x.value()[7]` of three numbers: an error in debug builds (without NDEBUG), and while inspect/check.h checks.

namespace gradus::inline GRADUS_PRECISION {
namespace detail {

/// What the checking mode sets.
inline std::atomic<bool> checks_indices{false};

#ifdef NDEBUG
constexpr bool kChecksAllIndices = false;
#else
constexpr bool kChecksAllIndices = true;
#endif

// Inlined by force, since sources with and without NDEBUG may meet in one program.
[[gnu::always_inline]] inline std::size_t checked(std::size_t i, const Shape& shape) {
  if (!kChecksAllIndices && !checks_indices.load(std::memory_order_relaxed)) return i;
  if (i >= shape.size()) fail("array: no number {} in {}; need an index below {}", i, shape, shape.size());
  return i;
}

}
}
