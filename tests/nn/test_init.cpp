#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <thread>

#include "nn/init.h"
#include "nn/layers.h"

using namespace gradus;

namespace {

struct Matrix : Module {
  Matrix(int rows, int cols, Init rule) : weight{this, "weight", {rows, cols}, std::move(rule)} {}
  Parameter weight;
};

struct Moments {
  double mean, deviation, smallest, largest;
};

Moments moments(Array values) {
  const double n = values.size();
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double square = 0;
  for (const Real x : values) square += (x - mean) * (x - mean);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {mean, std::sqrt(square / n), *low, *high};
}

bool same_values(Array a, Array b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

}

TEST_CASE("rng: the first numbers of SplitMix64 from seed 1234567, as its authors' program prints them") {
  Rng rng(1234567);
  CHECK(rng.next() == 6457827717110365317u);
  CHECK(rng.next() == 3203168211198807973u);
  CHECK(rng.next() == 9817491932198370423u);
}

TEST_CASE("rng: goes on from a saved state") {
  Rng rng(5);
  rng.normal();
  Rng copy(rng.state());
  CHECK(copy.normal() == rng.normal());
}

TEST_CASE("rng: uniform and normal numbers have their moments") {
  Rng rng(3);
  double sum = 0, square = 0, fourth = 0;
  const int n = 200000;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal();
    sum += x;
    square += x * x;
    fourth += x * x * x * x;
    const double u = rng.uniform();
    REQUIRE((u >= 0 && u < 1));
  }
  CHECK(std::abs(sum / n) < 0.01);
  CHECK(square / n == doctest::Approx(1).epsilon(0.01));
  CHECK(fourth / n == doctest::Approx(3).epsilon(0.03));
}

TEST_CASE("rng: below gives every number equally often") {
  Rng rng(9);
  int counts[5] = {};
  for (int i = 0; i < 50000; ++i) ++counts[rng.below(5)];
  for (const int count : counts) CHECK(count == doctest::Approx(10000).epsilon(0.05));
  CHECK(rng.below(1) == 0);
}

TEST_CASE("rng: shuffle gives every order equally often") {
  Rng rng(11);
  int firsts[3] = {}, middles[3] = {};
  for (int i = 0; i < 30000; ++i) {
    int values[] = {0, 1, 2};
    rng.shuffle(std::span<int>(values));
    REQUIRE(values[0] + values[1] + values[2] == 3);
    ++firsts[values[0]];
    ++middles[values[1]];
  }
  for (const int count : firsts) CHECK(count == doctest::Approx(10000).epsilon(0.05));
  for (const int count : middles) CHECK(count == doctest::Approx(10000).epsilon(0.05));
}

TEST_CASE("init: every rule has the mean, deviation and range it says") {
  const int rows = 300, cols = 200;  // 300 outputs, 200 inputs
  struct Case {
    const char* name;
    Init rule;
    double mean, deviation, bound;  // bound 0: none
  };
  const double xavier = std::sqrt(6.0 / 500), kaiming = std::sqrt(6.0 / 200);
  const std::vector<Case> cases = {
      {"zeros", init::zeros(), 0, 0, 0},
      {"constant", init::constant(Real(0.5)), 0.5, 0, 0.5},
      {"uniform", init::uniform(-1, 3), 1, 4 / std::sqrt(12.0), 3},
      {"normal", init::normal(2, 0.25), 2, 0.25, 0},
      {"xavier_uniform", init::xavier_uniform(), 0, xavier / std::sqrt(3.0), xavier},
      {"xavier_normal", init::xavier_normal(2), 0, 2 * std::sqrt(2.0 / 500), 0},
      {"kaiming_uniform", init::kaiming_uniform(), 0, kaiming / std::sqrt(3.0), kaiming},
      {"inverse_sqrt", init::inverse_sqrt(16), 0, 0.25 / std::sqrt(3.0), 0.25},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.name));
    Matrix matrix(rows, cols, c.rule);
    const Moments found = moments(matrix.weight.value());
    CHECK(std::abs(found.mean - c.mean) <= 0.02 * c.deviation);
    CHECK(std::abs(found.deviation - c.deviation) <= 0.02 * c.deviation);
    if (c.bound != 0) {
      CHECK(found.largest <= c.bound);
      CHECK(found.largest > 0.99 * c.bound);
    }
  }
}

TEST_CASE("init: orthogonal rows or columns, whichever are fewer, have the length of the gain") {
  for (const Shape& shape : {Shape{5, 9}, Shape{9, 5}, Shape{6, 6}, Shape{1, 4}, Shape{3, 1}}) {
    const int rows = shape[0], cols = shape[1];
    CAPTURE(rows);
    Matrix matrix(rows, cols, init::orthogonal(2));
    const ConstArray w = matrix.weight.value();
    const bool wide = rows <= cols;
    const int count = wide ? rows : cols, length = wide ? cols : rows;
    const auto at = [&](int i, int k) -> double { return wide ? w[i * cols + k] : w[k * cols + i]; };
    for (int i = 0; i < count; ++i) {
      for (int j = 0; j <= i; ++j) {
        double product = 0;
        for (int k = 0; k < length; ++k) product += at(i, k) * at(j, k);
        CHECK(product == doctest::Approx(i == j ? 4 : 0).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("init: rules for matrices refuse a vector") {
  struct Vector : Module {
    Parameter bias{this, "bias", {3}, init::xavier_uniform()};
  };
  CHECK_THROWS_WITH_AS(Vector(), "xavier_uniform: the parameter is (3); need at least two axes, (outputs, inputs)",
                       Error);
}

TEST_CASE("init: first values depend on the seed and the path alone") {
  struct Small : Module {
    Linear a{this, "a", 4, 3};
  };
  struct Large : Module {
    Linear b{this, "b", 4, 3};
    Linear a{this, "a", 4, 3};
  };
  Small small;
  Large large;
  CHECK(same_values(small.a.weight.value(), large.a.weight.value()));
  CHECK_FALSE(same_values(large.a.weight.value(), large.b.weight.value()));

  set_seed(2);
  Small other;
  set_seed(1);
  CHECK_FALSE(same_values(small.a.weight.value(), other.a.weight.value()));
  initialize(small, 2);
  CHECK(same_values(small.a.weight.value(), other.a.weight.value()));
}

TEST_CASE("init: initialize with a rule goes to every parameter") {
  Linear linear(nullptr, "linear", 3, 2);
  initialize(linear, 1, init::constant(7));
  for (Parameter* parameter : linear.parameters()) {
    for (const Real value : parameter->value()) CHECK(value == 7);
  }
}

TEST_CASE("init: left out for modules whose values come from a file, on this thread, as long as asked") {
  CHECK_FALSE(WithoutInit::active());
  {
    const WithoutInit outer;
    {
      const WithoutInit inner;
      CHECK(WithoutInit::active());
    }
    const Linear layer(nullptr, "linear", 5, 4);
    CHECK(std::ranges::all_of(layer.weight.value(), [](Real x) { return x == 0; }));
    bool elsewhere = true;
    std::thread([&] { elsewhere = WithoutInit::active(); }).join();
    CHECK_FALSE(elsewhere);
  }
  const Linear layer(nullptr, "linear", 5, 4);
  CHECK(std::ranges::none_of(layer.weight.value(), [](Real x) { return x == 0; }));
}
