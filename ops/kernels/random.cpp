#include "ops/kernels/random.h"

#include <algorithm>

#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {
namespace kernels {

namespace {

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
