#include "ops/kernels/batch_norm.h"

#include "ops/kernels/lanes.h"

// With one number a channel and example, S = 1, vectors go along the channels, and else along the numbers of one.

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

namespace {

/// sums[c] = Σ element(place, c)
template <class Element>
GRADUS_INLINE void sum_channels(Channels shape, double* sums, Element element) {
  const auto [N, C, S] = shape;
  for (std::size_t c = 0; c < C; ++c) sums[c] = 0;
  if (S == 1) {
    for (std::size_t n = 0; n < N; ++n) {
      GRADUS_INDEPENDENT_LOOP
      for (std::size_t c = 0; c < C; ++c) sums[c] += element(n * C + c, c);
    }
    return;
  }
  for (std::size_t n = 0; n < N; ++n) {
    for (std::size_t c = 0; c < C; ++c) {
      const auto number = [ =, begin = (n * C + c) * S ](std::size_t i) __attribute__((always_inline)) {
        return element(begin + i, c);
      };
      sums[c] += reduce_lanes<128 / sizeof(double)>(0.0, S, number, Plus{});
    }
  }
}

/// change(place, c) for all numbers.
template <class Change>
GRADUS_INLINE void each_number(Channels shape, Change change) {
  const auto [N, C, S] = shape;
  for (std::size_t n = 0; n < N; ++n) {
    if (S == 1) {
      GRADUS_INDEPENDENT_LOOP
      for (std::size_t c = 0; c < C; ++c) change(n * C + c, c);
      continue;
    }
    for (std::size_t c = 0; c < C; ++c) {
      const std::size_t begin = (n * C + c) * S;
      GRADUS_INDEPENDENT_LOOP
      for (std::size_t i = begin; i < begin + S; ++i) change(i, c);
    }
  }
}

}

GRADUS_SIMD_CLONES void channel_sums(Channels shape, const Real* x, double* sums) {
  sum_channels(
      shape,
      sums, [=](std::size_t i, std::size_t) __attribute__((always_inline)) { return static_cast<double>(x[i]); });
}

GRADUS_SIMD_CLONES void channel_square_sums(Channels shape, const Real* x, const double* mean, double* sums) {
  sum_channels(
      shape, sums, [=](std::size_t i, std::size_t c) __attribute__((always_inline)) {
        return (x[i] - mean[c]) * (x[i] - mean[c]);
      });
}

GRADUS_SIMD_CLONES void channel_dots(Channels shape, const Real* a, const Real* b, double* sums) {
  sum_channels(
      shape, sums, [=](std::size_t i, std::size_t) __attribute__((always_inline)) {
        return static_cast<double>(a[i]) * static_cast<double>(b[i]);
      });
}

GRADUS_SIMD_CLONES void normalize_channels(Channels shape, const Real* x, const double* mean, const double* factor,
                                           const Real* w, const Real* b, Real* normal, Real* y) {
  each_number(
      shape, [=](std::size_t i, std::size_t c) __attribute__((always_inline)) {
        normal[i] = static_cast<Real>((x[i] - mean[c]) * factor[c]);
        y[i] = w[c] * normal[i] + b[c];
      });
}

GRADUS_SIMD_CLONES void channel_gradients(Channels shape, const Real* dy, const Real* normal, const Real* factor,
                                          const Real* mean, const Real* slope, Real* dx) {
  each_number(
      shape, [=](std::size_t i, std::size_t c)
                 __attribute__((always_inline)) { dx[i] = factor[c] * (dy[i] - mean[c] - normal[i] * slope[c]); });
}

}
}
