#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/inspect/finite_differences.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

using namespace gradus;

TEST_SUITE("finite differences") {
  TEST_CASE("a slope agrees with a gradient only if it could have told that the gradient is wrong") {
    const auto verdict = [](double gradient, double slope, double rounding, double largest) {
      return FiniteDifference{{.gradient = gradient, .largest = largest}, 0.5, slope, 0, rounding}.verdict();
    };
    CHECK(verdict(2, 2.01, 0.001, 2) == Verdict::Agrees);
    CHECK(verdict(2, 2.1, 0.001, 2) == Verdict::Differs);
    CHECK(verdict(2, 2.1, 1, 2) == Verdict::TooSmall);
    CHECK(verdict(0, 0, 0.1, 2) == Verdict::Agrees);
    CHECK(verdict(0, 0, 0.1, 0) == Verdict::TooSmall);
    CHECK(verdict(0, 0.2, 0.1, 2) == Verdict::Differs);
    CHECK(verdict(std::numeric_limits<double>::quiet_NaN(), 1, 0.1, 2) == Verdict::Differs);
    CHECK(verdict(1, std::numeric_limits<double>::infinity(), 0.1, 2) == Verdict::Differs);
    // Whatever says that a gradient is right says of none at all, and of one of twice the size, that it is wrong.
    for (double rounding = 1e-6; rounding < 10; rounding *= 1.3) {
      if (verdict(1, 1, rounding, 1) != Verdict::Agrees) continue;
      CHECK(verdict(0, 1, rounding, 1) == Verdict::Differs);
      CHECK(verdict(2, 1, rounding, 1) == Verdict::Differs);
    }
  }

  TEST_CASE("slopes are right beside a kink, and find a gradient that is wrong") {
    const auto verdicts = [](const LossFunction& loss, Real gradient) {
      double value = 0;
      {
        Tape tape(Tape::Record, 1);
        value = loss().item();
      }
      const SlopeQuery query{.node = 0, .index = 0, .gradient = gradient, .largest = std::abs(gradient), .scale = 1};
      return finite_differences(loss, 1, value, std::span(&query, 1), 60).at(0).verdict();
    };
    const LossFunction kinked = [] { return sum(relu(variable({2}, {Real(0.01), 1}))); };
    CHECK(verdicts(kinked, 1) == Verdict::Agrees);
    CHECK(verdicts(kinked, 2) == Verdict::Differs);
    const LossFunction curved = [] { return sum(exp(variable({1}, {2}) * Real(30)) * Real(1e-26)); };
    CHECK(verdicts(curved, Real(30 * std::exp(60.0) * 1e-26)) == Verdict::Agrees);
  }
}
