#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "autograd/tape.h"

/// What the tests of ops share: comparing arrays with numbers worked out by hand.

namespace gradus::inline GRADUS_PRECISION {

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
