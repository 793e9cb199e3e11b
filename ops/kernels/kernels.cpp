#include "ops/kernels/kernels.h"

#include <algorithm>
#include <limits>

#include "ops/kernels/lanes.h"
#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {
namespace {

constexpr std::size_t kDoubleLanes = 128 / sizeof(double);

GRADUS_INLINE Real sum_inline(const Real* x, std::size_t n) {
  return reduce_lanes<kLanes>(
      Real(0), n, [=](std::size_t i) { return x[i]; }, Plus{});
}

GRADUS_INLINE Real max_inline(const Real* x, std::size_t n) {
  return reduce_lanes<kLanes>(
      -std::numeric_limits<Real>::infinity(), n, [=](std::size_t i) { return x[i]; }, Larger{});
}

// The random generator is a hash of a counter under a key: two rounds of xor-shifts and products, each a bijection. Its
// constants are the first bits of the fractions of sqrt(2) and sqrt(3), made odd.
GRADUS_INLINE std::uint32_t mix(std::uint32_t h) {
  h = (h ^ (h >> 16)) * 0x6a09e667u;
  h = (h ^ (h >> 15)) * 0xbb67ae85u;
  return h ^ (h >> 16);
}

GRADUS_INLINE std::uint64_t mix(std::uint64_t h) {
  h = (h ^ (h >> 32)) * 0x6a09e667f3bcc909u;
  h = (h ^ (h >> 29)) * 0xbb67ae8584caa73bu;
  return h ^ (h >> 32);
}

/// The upper half of a 64-bit counter and the seed make the key under which the lower half is hashed.
std::uint64_t random_key(std::uint64_t seed, std::uint64_t counter) { return mix(mix(seed) + (counter >> 32) + 1); }

/// 24 random bits as a number in [0, 2^24), exact in either precision.
GRADUS_INLINE Real random_24_bits(std::uint64_t key, std::uint32_t counter) {
  const std::uint32_t h = mix(mix(counter ^ static_cast<std::uint32_t>(key)) + static_cast<std::uint32_t>(key >> 32));
  return static_cast<Real>(static_cast<std::int32_t>(h >> 8));
}

constexpr Real kTwoTo24 = 16777216;

GRADUS_SIMD_CLONES void dropout_block(std::uint64_t key, std::uint32_t counter, Real limit, Real kept, Real* mask,
                                      std::uint32_t n) {
  for (std::uint32_t i = 0; i < n; ++i) mask[i] = random_24_bits(key, counter + i) < limit ? kept : Real(0);
}

}

GRADUS_SIMD_CLONES void exp(const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = exp_approx(x[i]);
}

GRADUS_SIMD_CLONES void log(const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = log_approx(x[i]);
}

GRADUS_SIMD_CLONES void tanh(const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = tanh_approx(x[i]);
}

GRADUS_SIMD_CLONES void tanh_backward(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) dx[i] = dy[i] * (1 - y[i] * y[i]);
}

GRADUS_SIMD_CLONES void sigmoid(const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = sigmoid_approx(x[i]);
}

void fill(Real value, Real* y, std::size_t n) { std::fill_n(y, n, value); }

void copy(const Real* x, Real* y, std::size_t n) {
  if (x != y) std::copy_n(x, n, y);
}

GRADUS_SIMD_CLONES void scale(Real a, const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = a * x[i];
}

GRADUS_SIMD_CLONES void axpy(Real a, const Real* x, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] += a * x[i];
}

GRADUS_SIMD_CLONES void add(const Real* a, const Real* b, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

GRADUS_SIMD_CLONES void mul(const Real* a, const Real* b, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = a[i] * b[i];
}

GRADUS_SIMD_CLONES void add_product(const Real* a, const Real* b, Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] += a[i] * b[i];
}

GRADUS_SIMD_CLONES Real sum(const Real* x, std::size_t n) { return sum_inline(x, n); }

GRADUS_SIMD_CLONES Real dot(const Real* a, const Real* b, std::size_t n) {
  return reduce_lanes<kLanes>(
      Real(0), n, [=](std::size_t i) { return a[i] * b[i]; }, Plus{});
}

GRADUS_SIMD_CLONES Real max(const Real* x, std::size_t n) { return max_inline(x, n); }

GRADUS_SIMD_CLONES double square_sum(const Real* x, std::size_t n) {
  const auto square = [=](std::size_t i) { return static_cast<double>(x[i]) * static_cast<double>(x[i]); };
  return reduce_lanes<kDoubleLanes>(0.0, n, square, Plus{});
}

GRADUS_SIMD_CLONES void block_max(const Real* x, std::size_t n, std::size_t block, Real* y) {
  for (std::size_t begin = 0; begin < n; begin += block) *y++ = max_inline(x + begin, std::min(block, n - begin));
}

GRADUS_SIMD_CLONES void softmax_row(const Real* x, Real* y, std::size_t n) {
  const Real largest = max_inline(x, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] = exp_approx(x[i] - largest);
  const Real inverse = 1 / sum_inline(y, n);
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] *= inverse;
}

Real log_sum_exp(const Real* x, std::size_t n) { return log_sum_exp(x, n, max(x, n)); }

GRADUS_SIMD_CLONES Real log_sum_exp(const Real* x, std::size_t n, Real largest) {
  if (largest == -std::numeric_limits<Real>::infinity()) return largest;
  return largest + log_approx(reduce_lanes<kLanes>(
                       Real(0), n, [=](std::size_t i) { return exp_approx(x[i] - largest); }, Plus{}));
}

void dropout_mask(std::uint64_t seed, std::uint64_t offset, Real keep_probability, Real* mask, std::size_t n) {
  const Real kept = keep_probability > 0 ? 1 / keep_probability : Real(0);
  while (n > 0) {  // blocks within which the upper half of the counter, and so the key, stays the same
    const std::uint64_t until_next_key = (std::uint64_t{1} << 32) - (offset & 0xffffffffu);
    const std::uint64_t count = std::min<std::uint64_t>({n, until_next_key, std::uint64_t{1} << 31});
    dropout_block(random_key(seed, offset), static_cast<std::uint32_t>(offset), keep_probability * kTwoTo24, kept, mask,
                  static_cast<std::uint32_t>(count));
    offset += count;
    mask += count;
    n -= count;
  }
}

Real uniform(std::uint64_t seed, std::uint64_t counter) {
  return random_24_bits(random_key(seed, counter), static_cast<std::uint32_t>(counter)) / kTwoTo24;
}

}
}
