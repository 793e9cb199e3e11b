#pragma once

#include <cstddef>
#include <limits>

#include "ops/kernels/vector_math.h"

/// Reductions in the loops of kernels: over a fixed number of independent partial results, so that they vectorise, and
/// that the order of the operations is the same on every instruction set.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

// As many partial results as fill two AVX-512 registers, or eight of SSE: enough to hide the latency of an addition.
inline constexpr std::size_t kLanes = 128 / sizeof(Real);

/// Combines the lanes pairwise, halving their number each time.
template <std::size_t kCount, class Value, class Combine>
GRADUS_INLINE Value fold(Value (&lanes)[kCount], Combine combine) {
  for (std::size_t half = kCount / 2; half > 0; half /= 2) {
    for (std::size_t j = 0; j < half; ++j) lanes[j] = combine(lanes[j], lanes[j + half]);
  }
  return lanes[0];
}

/// Element i goes to lane i mod kCount.
template <std::size_t kCount, class Value, class Element, class Combine>
GRADUS_INLINE Value reduce_lanes(Value identity, std::size_t n, Element element, Combine combine) {
  Value lanes[kCount];
  for (Value& lane : lanes) lane = identity;
  std::size_t i = 0;
  for (; i + kCount <= n; i += kCount) {
    for (std::size_t j = 0; j < kCount; ++j) lanes[j] = combine(lanes[j], element(i + j));
  }
  for (std::size_t j = 0; i + j < n; ++j) lanes[j] = combine(lanes[j], element(i + j));
  return fold(lanes, combine);
}

struct Plus {
  template <class Value>
  GRADUS_INLINE Value operator()(Value a, Value b) const {
    return a + b;
  }
};

/// NaN is larger than any number.
struct Larger {
  GRADUS_INLINE Real operator()(Real a, Real b) const { return ((b > a) | (b != b)) ? b : a; }
};

// Sums are of blocks of so many numbers, which add up in double: the error does not grow with the number of numbers.
inline constexpr std::size_t kSumBlock = 8192;

/// Σ element(i) for i < n.
template <class Element>
GRADUS_INLINE Real blocked_sum(std::size_t n, Element element) {
  double total = 0;
  for (std::size_t begin = 0; begin < n; begin += kSumBlock) {
    total += reduce_lanes<kLanes>(
        Real(0), n - begin < kSumBlock ? n - begin : kSumBlock, [=](std::size_t i) { return element(begin + i); },
        Plus{});
  }
  return static_cast<Real>(total);
}

GRADUS_INLINE Real sum_of_lanes(const Real* x, std::size_t n) {
  return blocked_sum(n, [=](std::size_t i) { return x[i]; });
}

GRADUS_INLINE Real max_of_lanes(const Real* x, std::size_t n) {
  return reduce_lanes<kLanes>(
      -std::numeric_limits<Real>::infinity(), n, [=](std::size_t i) { return x[i]; }, Larger{});
}

}
}
