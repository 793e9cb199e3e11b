#include <doctest/doctest.h>

#include <array>

#include "autograd/gradcheck.h"
#include "ops/create/create.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "tests/support/numbers.h"

using namespace gradus;

TEST_SUITE("create") {
  TEST_CASE("constants of usual kinds") {
    Tape tape;
    check_numbers(zeros({2}), {0, 0});
    check_numbers(ones({1, 2}), {1, 1});
    Tensor x = variable({2, 1}, {5, 6});
    CHECK(zeros_like(x).shape() == x.shape());
    check_numbers(ones_like(x), {1, 1});
    check_numbers(full_like(x, Real(2.5)), {2.5, 2.5});
    CHECK_FALSE(ones_like(x).needs_grad());
    check_numbers(eye(2), {1, 0, 0, 1});
    check_numbers(eye(2, 3), {1, 0, 0, 0, 1, 0});
    CHECK(eye(2, 0).shape() == Shape{2, 0});
    CHECK(eye(0).shape() == Shape{0, 0});
  }

  TEST_CASE("ranges") {
    Tape tape;
    check_numbers(arange(3), {0, 1, 2});
    check_numbers(arange(1, 2, 0.25), {1, 1.25, 1.5, 1.75});
    check_numbers(arange(1, 0, -0.25), {1, 0.75, 0.5, 0.25});
    check_numbers(arange(0, 1, 0.3), {0, 0.3, 0.6, 0.9});
    CHECK(arange(0, 1, 0.1).shape() == Shape{10});
    CHECK(arange(0).shape() == Shape{0});
    CHECK_THROWS_WITH_AS(arange(0, 1, -1),
                         "arange: no such range: from 0 to 1 in steps of -1; need a step towards the end", Error);
    CHECK_THROWS_AS(arange(0, 1, 0), Error);
    CHECK_THROWS_AS(arange(1e18), Error);
    check_numbers(linspace(0, 1, 5), {0, 0.25, 0.5, 0.75, 1});
    check_numbers(linspace(3, -3, 2), {3, -3});
    check_numbers(linspace(3, 4, 1), {3});
    CHECK(linspace(0, 1, 0).shape() == Shape{0});
    CHECK(linspace(0, 0.3, 7).value()[6] == Real(0.3));
    CHECK_THROWS_WITH_AS(linspace(0, 1, -1), "linspace: bad steps: -1; need 0 or more", Error);
  }

  TEST_CASE("lists of lists, of numbers of any type") {
    Tape tape;
    const double d = 0.5;
    const int n = 3;
    Tensor x = constant({{1, 2}, {n, d}});
    CHECK(x.shape() == Shape{2, 2});
    check_numbers(x, {1, 2, 3, 0.5});
    CHECK(constant({{1, 2, 3}}).shape() == Shape{1, 3});
    CHECK(constant({d, 1, n}).shape() == Shape{3});
    CHECK(constant({4}).shape() == Shape{1});
    CHECK(constant(d).shape() == Shape{});
    CHECK(constant({{{1}, {2}}, {{3}, {4}}, {{5}, {6}}}).shape() == Shape{3, 2, 1});
    CHECK(constant(std::vector<double>{1, 2}).shape() == Shape{2});
    CHECK(constant(std::vector<std::vector<float>>{{1, 2}, {3, 4}, {5, 6}}).shape() == Shape{3, 2});
    check_numbers(constant(std::array<int, 2>{7, 8}), {7, 8});
    CHECK(constant(std::vector<double>{}).shape() == Shape{0});
    Tensor w = variable({{1, d}});
    tape.backward(sum(square(w)));
    check_numbers(w.grad(), {2, 1});
    CHECK_THROWS_WITH_AS(constant({{1, 2}, {3}}), "nested list: rows differ: (2) and (1); need equal shapes", Error);
    CHECK_THROWS_WITH_AS(constant({{1, 2}, 3}), "nested list: rows differ: (2) and (); need equal shapes", Error);
    CHECK_THROWS_WITH_AS(constant({{{{{{{1}}}}}}}),
                         "nested list: too deep: rows are (1, 1, 1, 1, 1, 1); need at most 6 axes", Error);
  }

  TEST_CASE("vectors of other numbers, of a given shape") {
    Tape tape;
    check_numbers(constant({2, 1}, std::vector<double>{1, 0.5}), {1, 0.5});
    check_numbers(constant({2}, std::vector<int>{1, 2}), {1, 2});
    check_numbers(constant({2}, std::vector<float>{1, 2}), {1, 2});
    CHECK(variable({2}, std::vector<long>{1, 2}).needs_grad());
    check_numbers(constant({3}, {1, 2, 3}), {1, 2, 3});
    CHECK_THROWS_WITH_AS(constant({3}, std::vector<int>{1, 2}), "constant: 2 numbers given for shape (3), which has 3",
                         Error);
  }

  TEST_CASE("detach keeps the value, and lets no gradient through") {
    Tape tape;
    Tensor x = variable({2}, {3, 4});
    Tensor y = detach(square(x));
    CHECK_FALSE(y.needs_grad());
    check_numbers(y, {9, 16});
    tape.backward(sum(x * y));
    check_numbers(x.grad(), {9, 16});
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    // What is detached, the differences see, so here it is a step function, which has none.
    gradcheck("detach", {{3}}, [](Tensor x) { return x * detach(sign(x)); });
  }
}
