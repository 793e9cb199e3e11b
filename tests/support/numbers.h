#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "autograd/tape.h"

/// Comparing arrays with numbers worked out by hand.

namespace gradus::inline GRADUS_PRECISION {

inline constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
inline constexpr Real kNaN = std::numeric_limits<Real>::quiet_NaN();

inline std::vector<Real> numbers(const ConstArray& array) { return {array.begin(), array.end()}; }

/// The values of a tensor.
inline std::vector<double> numbers(Tensor x) { return {x.value().begin(), x.value().end()}; }

/// Such as the rows of sequences of these lengths, packed.
inline int sum_of(const std::vector<int>& numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0); }

/// Checks all numbers, relative to their size, or absolute if they are small. Infinities must be equal; NaN is NaN.
inline void check_numbers(const ConstArray& got, const std::vector<double>& wanted, double tolerance = 1e-6) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(i);
    if (got[i] == wanted[i] || (std::isnan(got[i]) && std::isnan(wanted[i]))) continue;
    CHECK(static_cast<double>(got[i]) == doctest::Approx(wanted[i]).epsilon(tolerance));
  }
}

/// Checks the values of a tensor.
inline void check_numbers(Tensor got, const std::vector<double>& wanted, double tolerance = 1e-6) {
  check_numbers(got.value(), wanted, tolerance);
}

/// Gradient checks run in double; in single precision they would find gross mistakes only.
inline constexpr bool kGradcheck = sizeof(Real) == sizeof(double);

}
