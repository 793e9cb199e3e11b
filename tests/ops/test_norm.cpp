#include <doctest/doctest.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "ops/norm.h"
#include "tests/support/numbers.h"

using namespace gradus;

TEST_SUITE("layer_norm") {
  TEST_CASE("rows get mean 0 and variance 1, then weight and bias") {
    Tape tape;
    Tensor x = constant({2, 4}, {1, 3, 5, 7, 2, 2, 4, 4});  // means 4 and 3, variances 5 and 1
    Tensor weight = constant({4}, {1, 2, 1, 1}), bias = constant({4}, {0, 0, 10, 0});
    const double s = std::sqrt(5.0), r = 1 / s;
    check_numbers(layer_norm(x, weight, bias, 0), {-3 / s, -2 / s, 10 + 1 / s, 3 / s, -1, -2, 11, 1});
    check_numbers(layer_norm(x, weight, bias, 4), {-1, -2.0 / 3, 10 + 1.0 / 3, 1, -r, -2 * r, 10 + r, r});
  }

  TEST_CASE("a large mean does not spoil the variance") {
    Tape tape;
    Tensor x = constant({1, 2}, {10000, 10001}), one = full({2}, 1), zero = full({2}, 0);
    check_numbers(layer_norm(x, one, zero, 0), {-1, 1});
  }

  TEST_CASE("mistakes are named") {
    Tape tape;
    Tensor x = full({2, 3}, 0), three = full({3}, 0), four = full({4}, 0);
    CHECK_THROWS_WITH_AS(layer_norm(x, four, four),
                         "layer_norm: sizes differ: x is (2, 3), weight is (4), bias is (4); need x (..., D), weight "
                         "(D), bias (D)",
                         Error);
    CHECK_THROWS_AS(layer_norm(x, three, four), Error);
    CHECK_THROWS_AS(layer_norm(full({}, 0), three, three), Error);
    CHECK_THROWS_WITH_AS(layer_norm(x, three, three, -1), "layer_norm: bad epsilon: -1; need 0 or more", Error);
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    const auto normalized = [](Tensor x, Tensor weight, Tensor bias) { return layer_norm(x, weight, bias); };
    gradcheck("layer_norm", {{3, 5}, {5}, {5}}, normalized);
    gradcheck("layer_norm", {{2, 2, 3}, {3}, {3}}, normalized);
    gradcheck("layer_norm", {{4}, {4}, {4}}, normalized);
    gradcheck("layer_norm", {{2, 1}, {1}, {1}}, normalized);
    gradcheck("layer_norm", {{0, 3}, {3}, {3}}, normalized);
    Leaf weight("weight", {3}), bias("bias", {3});
    for (int i = 0; i < 3; ++i) weight.value()[i] = static_cast<Real>(1 + 0.5 * i);
    gradcheck("layer_norm", {{2, 3}}, [&](Tensor x) { return layer_norm(x, weight, bias); }, {&weight, &bias});
  }
}
