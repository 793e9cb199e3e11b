#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/inspect/check.h"
#include "ops/create/random.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

constexpr int kCount = 100000;

}

TEST_SUITE("random") {
  TEST_CASE("uniform numbers have their moments, and depend on the seed alone") {
    Tape tape(Tape::Record, 7);
    Tensor x = rand({kCount}), next = rand({kCount});
    CHECK(mean(x).item() == doctest::Approx(0.5).epsilon(0.01));
    CHECK(var(x).item() == doctest::Approx(1.0 / 12).epsilon(0.01));
    CHECK(min(x).item() >= 0);
    CHECK(max(x).item() < 1);
    CHECK(numbers(x) != numbers(next));
    CHECK_FALSE(x.needs_grad());
    CHECK(rand({0, 2}).shape() == Shape{0, 2});
  }

  TEST_CASE("a tape of the same seed draws the same") {
    const auto draws = [](std::uint64_t seed) {
      Tape tape(Tape::Record, seed);
      std::vector<double> all = numbers(rand({5}));
      for (const double x : numbers(randn({5}))) all.push_back(x);
      for (const int i : categorical(full({20, 10}, 0))) all.push_back(i);
      return all;
    };
    CHECK(draws(3) == draws(3));
    CHECK(draws(3) != draws(4));
  }

  TEST_CASE("normal numbers have their moments and their tails") {
    Tape tape(Tape::Record, 3);
    Tensor x = randn({10, kCount / 10});
    CHECK(std::abs(mean(x).item()) < 0.01);
    CHECK(stddev(x).item() == doctest::Approx(1).epsilon(0.01));
    CHECK(mean(pow(x, 4)).item() == doctest::Approx(3).epsilon(0.05));
    const auto outside = [&](double limit) {
      return std::count_if(x.value().begin(), x.value().end(), [=](Real z) { return std::abs(z) > limit; }) /
             double(kCount);
    };
    CHECK(outside(1) == doctest::Approx(0.3173).epsilon(0.02));
    CHECK(outside(2) == doctest::Approx(0.0455).epsilon(0.05));
    CHECK(outside(3) == doctest::Approx(0.0027).epsilon(0.25));
    // Neighbours have nothing to do with each other.
    double products = 0;
    for (int i = 0; i + 1 < kCount; ++i) products += x.value()[i] * x.value()[i + 1];
    CHECK(std::abs(products / kCount) < 0.01);
  }

  TEST_CASE("draws are as often as their probabilities say") {
    const Checking nothing(kCheckNothing);  // -inf and NaN on purpose
    Tape tape(Tape::Record, 5);
    Tensor logits = full({kCount, 4}, 0);
    for (int i = 0; i < kCount; ++i) {
      Real* const row = logits.value().row(i);
      row[0] = 1000;
      row[1] = -kInfinity;
      row[2] = 1000 + std::log(Real(3));
    }
    const std::vector<int> draws = categorical(logits);
    REQUIRE(draws.size() == kCount);
    const auto share = [&](int i) { return std::count(draws.begin(), draws.end(), i) / double(kCount); };
    CHECK(share(0) == doctest::Approx(0.25).epsilon(0.03));
    CHECK(share(1) == 0);
    CHECK(share(2) == doctest::Approx(0.75).epsilon(0.01));
    CHECK(categorical(full({2, 3, 1}, 0)) == std::vector<int>(6, 0));
    CHECK(categorical(full({0, 3}, 0)).empty());
    for (const Tensor& bad :
         {constant({1, 2}, {0, kNaN}), constant({1, 2}, {-kInfinity, -kInfinity}), constant({1, 2}, {0, kInfinity})}) {
      CHECK_THROWS_WITH_AS(categorical(bad),
                           "categorical: nothing to draw from: row 0 of logits, which are (1, 2), has NaN, inf, or "
                           "nothing but -inf",
                           Error);
    }
    CHECK_THROWS_AS(categorical(full({2, 0}, 0)), Error);
  }
}
