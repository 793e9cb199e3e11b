#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/gradcheck.h"
#include "ops/sparsemax.h"
#include "tests/reference/twins.h"
#include "tests/support/numbers.h"

using namespace gradus;

TEST_CASE("sparsemax: worked out by hand") {
  const Tape tape;
  const Real infinity = std::numeric_limits<Real>::infinity();
  const auto project = [](std::vector<Real> x) { return sparsemax(constant({static_cast<int>(x.size())}, x)); };
  check_numbers(project({0}), {1});
  check_numbers(project({5, 5, 5, 5}), {0.25, 0.25, 0.25, 0.25});
  check_numbers(project({0, 2, 0}), {0, 1, 0});           // far enough above the others to take all
  check_numbers(project({0.5, 0, -1}), {0.75, 0.25, 0});  // τ = (0.5 + 0 - 1) / 2
  check_numbers(project({-infinity, 1, Real(1.5)}), {0, 0.25, 0.75});
  check_numbers(project({-infinity, -infinity}), {0, 0});
  check_numbers(project({Real(1e6), Real(1e6) - Real(0.5)}), {0.75, 0.25});
}

TEST_CASE("sparsemax: each row is the nearest point of the simplex") {
  const Tape tape;
  const int rows = 40, n = 7;
  std::vector<Real> numbers = some_numbers(std::size_t{rows} * n, 1);
  const Tensor x = constant({rows, n}, numbers), y = sparsemax(x);
  for (int i = 0; i < rows; ++i) {
    // Its optimality conditions: y sums to 1, and x - y is one threshold where y > 0, and no more than that elsewhere.
    double total = 0, threshold = -10;
    for (int j = 0; j < n; ++j) {
      const Real value = y.value()[i * n + j];
      REQUIRE(value >= 0);
      total += value;
      if (value > 0) threshold = x.value()[i * n + j] - value;
    }
    CHECK(total == doctest::Approx(1).epsilon(1e-5));
    for (int j = 0; j < n; ++j) {
      const double rest = x.value()[i * n + j] - y.value()[i * n + j];
      if (y.value()[i * n + j] > 0) {
        CHECK(rest == doctest::Approx(threshold).epsilon(1e-4));
      } else {
        CHECK(rest <= threshold + 1e-5);
      }
    }
  }
}

TEST_CASE("sparsemax: a mask leaves numbers out, whatever they are, NaN included") {
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  Tape tape;
  const Tensor x = variable({2, 3}, std::vector<Real>{nan, 0.5, 0, 1, nan, nan});
  const Tensor mask = constant({2, 3}, std::vector<Real>{0, 1, 1, 0, 0, 0});
  const Tensor y = sparsemax(x, mask);
  check_numbers(y, {0, 0.75, 0.25, 0, 0, 0});
  tape.backward(y, std::vector<Real>{7, 1, 3, 5, 5, 5});
  check_numbers(x.grad(), {0, -1, 1, 0, 0, 0});
}

TEST_CASE("sparsemax: gradients" * doctest::skip(!kGradcheck)) {
  gradcheck("sparsemax", {{5}}, [](Tensor x) { return sparsemax(x); });
  gradcheck("sparsemax", {{3, 4}}, [](Tensor x) { return sparsemax(x); });
  gradcheck("sparsemax", {{2, 2, 3}}, [](Tensor x) {
    return sparsemax(x, constant({2, 1, 3}, std::vector<Real>{1, 1, 1, 0, 1, 1}));
  });
}

TEST_CASE("sparsemax: names what does not fit") {
  const Tape tape;
  CHECK_THROWS_WITH_AS(sparsemax(full({}, 1)), "sparsemax: x is a scalar; need at least one axis", Error);
  CHECK_THROWS_AS(sparsemax(full({2, 3}, 1), full({2, 2}, 1)), Error);
}
