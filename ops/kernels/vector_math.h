#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "autograd/real.h"

/// exp, expm1, log, log1p, tanh and sigmoid of one number, without a branch or a table, so that a plain loop around
/// them vectorises. Each is within 4 ULP over the whole range, infinities, NaN and denormals included.
///
/// They are for loops in files listed in `gradus_kernel_sources` (meson.build), inside functions marked
/// GRADUS_SIMD_CLONES: those are compiled once for each instruction set, and the right copy is taken at run time. Since
/// products and sums are never contracted (-ffp-contract=off), all copies give the same bits.

// A build for one instruction set (the Meson option, or the compiler's own -march) has one copy.
#if defined(GRADUS_X86_64_LEVEL) && GRADUS_X86_64_LEVEL == 4
#define GRADUS_SIMD_CLONES __attribute__((target("arch=x86-64-v4")))
#elif defined(GRADUS_X86_64_LEVEL) && GRADUS_X86_64_LEVEL == 3
#define GRADUS_SIMD_CLONES __attribute__((target("arch=x86-64-v3")))
#elif defined(GRADUS_X86_64_LEVEL) || defined(__AVX2__)
#define GRADUS_SIMD_CLONES
// Copies for several instruction sets need GCC and glibc (IFUNC); sanitizers cannot instrument their resolvers.
#elif defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#if __GNUC__ >= 12
#define GRADUS_SIMD_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else  // which chooses at run time by single features only
#define GRADUS_SIMD_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#endif
#else
#define GRADUS_SIMD_CLONES
#endif

// Before a loop that may run in place: element i of an output depends on element i of the inputs alone. Without the
// mark the compiler tests for overlap and, in place, takes its scalar copy of the loop.
#if defined(__clang__)
#define GRADUS_INDEPENDENT_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#define GRADUS_INDEPENDENT_LOOP _Pragma("GCC ivdep")
#endif

#define GRADUS_INLINE [[gnu::always_inline]] inline

namespace gradus::inline GRADUS_PRECISION {

GRADUS_INLINE Real exp_approx(Real x);
GRADUS_INLINE Real expm1_approx(Real x);
GRADUS_INLINE Real log_approx(Real x);
GRADUS_INLINE Real log1p_approx(Real x);
GRADUS_INLINE Real tanh_approx(Real x);
GRADUS_INLINE Real sigmoid_approx(Real x);

namespace vector_math {

inline constexpr bool kSingle = sizeof(Real) == sizeof(float);
using Bits = std::conditional_t<kSingle, std::uint32_t, std::uint64_t>;
using Limits = std::numeric_limits<Real>;

inline constexpr int kMantissaBits = Limits::digits - 1;
inline constexpr Bits kMantissaMask = (Bits{1} << kMantissaBits) - 1;
inline constexpr Bits kBias = Limits::max_exponent - 1;
inline constexpr Bits kSignBit = Bits{1} << (kMantissaBits + (kSingle ? 8 : 11));

// ln 2 in two parts. The first has so few bits that its product with any exponent is exact.
inline constexpr Real kLn2High = kSingle ? Real(0x1.62e4p-1) : Real(0x1.62e42fefa38p-1);
inline constexpr Real kLn2Low = kSingle ? Real(1.428606820309417e-6) : Real(5.4979230187083712e-14);
inline constexpr Real kLog2E = Real(1.4426950408889634);

GRADUS_INLINE Bits bits(Real x) { return std::bit_cast<Bits>(x); }
GRADUS_INLINE Real real(Bits x) { return std::bit_cast<Real>(x); }

/// 2^n, for an n (in two's complement) whose power is a normal number.
GRADUS_INLINE Real power_of_two(Bits n) { return real((n + kBias) << kMantissaBits); }

GRADUS_INLINE Real polynomial(Real, double constant) { return static_cast<Real>(constant); }

/// c0 + c1 x + c2 x² + ...
template <class... Rest>
GRADUS_INLINE Real polynomial(Real x, double constant, Rest... rest) {
  return static_cast<Real>(constant) + x * polynomial(x, rest...);
}

/// x = n ln 2 + r with |r| <= ln 2 / 2.
struct Reduced {
  Bits n;  ///< in two's complement
  Real r;
};

GRADUS_INLINE Reduced reduce(Real x) {
  // Adding 1.5 · 2^mantissa leaves no room for a fraction: the sum is rounded to an integer, which its low bits hold.
  constexpr Real kRound = Real(Bits{3} << (kMantissaBits - 1));
  const Real shifted = x * kLog2E + kRound;
  const Real n = shifted - kRound;
  return {bits(shifted) - std::bit_cast<Bits>(kRound), (x - n * kLn2High) - n * kLn2Low};
}

/// e^r - 1 for |r| <= ln 2 / 2, as r + r² q(r); q is the minimax polynomial of (e^r - 1 - r) / r².
GRADUS_INLINE Real expm1_reduced(Real r) {
  Real q;
  if constexpr (kSingle) {
    q = polynomial(r, 0.50000001, 0.166665188, 0.0416662058, 0.00836888932, 0.00139504927);
  } else {
    q = polynomial(r, 0.50000000000000127, 0.16666666666666699, 0.041666666666515416, 0.0083333333333072031,
                   0.0013888888947016479, 0.00019841269917383476, 2.4801489941771408e-5, 2.7557216303461222e-6,
                   2.7631280459492435e-7, 2.5117859655248722e-8);
  }
  return r + r * r * q;
}

}

/// e^x = 2^n (1 + (e^r - 1)).
GRADUS_INLINE Real exp_approx(Real x) {
  using namespace vector_math;
  constexpr Real kZeroBelow = kSingle ? -104 : -746, kInfiniteAbove = kSingle ? 89 : 710;
  x = x < kZeroBelow ? kZeroBelow : x;
  x = x > kInfiniteAbove ? kInfiniteAbove : x;
  const auto [n, r] = reduce(x);
  // 2^n may lie outside the normal numbers, its two halves do not. The shift is of a positive number: vector units have
  // no arithmetic shift of 64 bits before AVX-512.
  const Bits half = ((n + 4096) >> 1) - 2048;
  return (1 + expm1_reduced(r)) * power_of_two(half) * power_of_two(n - half);
}

/// e^x - 1 = 2^n (e^r - 1) + (2^n - 1).
GRADUS_INLINE Real expm1_approx(Real x) {
  using namespace vector_math;
  constexpr Real kMinusOneBelow = kSingle ? -18 : -38, kSameAsExpAbove = kSingle ? 18 : 38;
  Real a = x < kMinusOneBelow ? kMinusOneBelow : x;
  a = a > kSameAsExpAbove ? kSameAsExpAbove : a;
  const auto [n, r] = reduce(a);
  const Real power = power_of_two(n);
  const Real y = x > kSameAsExpAbove ? exp_approx(x) : power * expm1_reduced(r) + (power - 1);
  return x == 0 ? x : y;  // -0, too
}

namespace vector_math {

/// e^2a - 1 for a >= 0, or that of `most`, if a is larger.
GRADUS_INLINE Real expm1_of_twice(Real a, Real most) {
  const auto [n, r] = reduce(2 * (a > most ? most : a));
  const Real power = power_of_two(n);
  return power * expm1_reduced(r) + (power - 1);
}

}

/// tanh x = (e^2x - 1) / (e^2x + 1), on |x|.
GRADUS_INLINE Real tanh_approx(Real x) {
  using namespace vector_math;
  constexpr Real kOneAbove = kSingle ? 10 : 20;
  const Bits sign = bits(x) & kSignBit;
  const Real expm1 = expm1_of_twice(real(bits(x) ^ sign), kOneAbove);
  return real(bits(expm1 / (expm1 + 2)) | sign);
}

/// tanh x, and its derivative 1 - tanh² x = 4 e^2x / (e^2x + 1)², which keeps its digits where tanh x rounds to ±1.
struct TanhSlope {
  Real value, slope;
};
GRADUS_INLINE TanhSlope tanh_slope_approx(Real x) {
  using namespace vector_math;
  constexpr Real kFlatAbove = kSingle ? 43 : 354;  // beyond which e^2x is no number
  const Bits sign = bits(x) & kSignBit;
  const Real expm1 = expm1_of_twice(real(bits(x) ^ sign), kFlatAbove), inverse = 1 / (expm1 + 2);
  return {real(bits(expm1 * inverse) | sign), 4 * (expm1 + 1) * inverse * inverse};
}

/// 1 / (1 + e^-x), by e^-|x|, which cannot overflow.
GRADUS_INLINE Real sigmoid_approx(Real x) {
  const Real e = exp_approx(x < 0 ? x : -x);
  return (x < 0 ? e : Real(1)) / (1 + e);
}

/// log x = e ln 2 + log(1 + f) for x = 2^e (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2).
/// With s = f / (2 + f), log(1 + f) = 2 atanh(s) = f - s (f - R(s²)), where R(z) = 2/3 z + 2/5 z² + ...
GRADUS_INLINE Real log_approx(Real x) {
  using namespace vector_math;
  constexpr Real kInfinity = Limits::infinity();
  constexpr Real kMantissaUnit = Real(Bits{1} << kMantissaBits);
  constexpr Bits kSqrtHalf = std::bit_cast<Bits>(Real(0.70710678118654752));

  const bool denormal = x < Limits::min();
  const Bits shifted = bits(denormal ? x * kMantissaUnit : x) + (std::bit_cast<Bits>(Real(1)) - kSqrtHalf);
  // An integer below 2^mantissa becomes a Real by standing in the low bits of 2^mantissa.
  const Real biased = real((shifted >> kMantissaBits) | std::bit_cast<Bits>(kMantissaUnit)) - kMantissaUnit;
  const Real e = biased - (denormal ? Real(kBias + kMantissaBits) : Real(kBias));
  const Real f = real((shifted & kMantissaMask) + kSqrtHalf) - 1;

  const Real s = f / (2 + f);
  const Real z = s * s;
  Real remainder;
  if constexpr (kSingle) {
    remainder = z * polynomial(z, 0.666667764, 0.39977537, 0.298718621);
  } else {
    remainder = z * polynomial(z, 0.66666666666667345, 0.39999999999414321, 0.28571428742474779, 0.22222198563501391,
                               0.18183564865639493, 0.15314035865688447, 0.14796105103924778);
  }
  Real y = e * kLn2High + (f - (s * (f - remainder) - e * kLn2Low));
  y = x == kInfinity ? kInfinity : y;
  y = x == 0 ? -kInfinity : y;
  return x >= 0 ? y : Limits::quiet_NaN();
}

/// log(1 + x) = log(u) x / (u - 1), where u = 1 + x as it is rounded (Goldberg 1991, theorem 4).
GRADUS_INLINE Real log1p_approx(Real x) {
  const Real u = 1 + x, d = u - 1;
  const Real y = log_approx(u) * (x / d);
  return d == 0 || u == vector_math::Limits::infinity() ? x : y;
}

}
