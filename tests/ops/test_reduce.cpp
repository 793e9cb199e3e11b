#include <doctest/doctest.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "ops/reduce.h"
#include "tests/support/numbers.h"

using namespace gradus;

TEST_SUITE("reduce") {
  TEST_CASE("sum and mean") {
    Tape tape;
    Tensor x = variable({2, 3}, {1, 2, 3, 4, 5, 7});
    CHECK(sum(x).shape() == Shape{});
    check_numbers(sum(x), {22});
    check_numbers(mean(x), {22.0 / 6});
    check_numbers(sum(x, 0), {5, 7, 10});
    check_numbers(sum(x, -1), {6, 16});
    check_numbers(mean(x, 0), {2.5, 3.5, 5});
    check_numbers(mean(x, 1), {2, 16.0 / 3});
    CHECK(sum(x, 0).shape() == Shape{3});
    CHECK(sum(x, 0, true).shape() == Shape{1, 3});
    CHECK(mean(x, -1, true).shape() == Shape{2, 1});
    tape.backward(mean(sum(x, 0)));
    check_numbers(x.grad(), std::vector<double>(6, 1.0 / 3));
  }

  TEST_CASE("the middle of three axes") {
    Tape tape;
    Tensor x = constant({2, 2, 2}, {1, 2, 3, 4, 5, 6, 8, 7});
    check_numbers(sum(x, 1), {4, 6, 13, 13});
    check_numbers(max(x, 1), {3, 4, 8, 7});
    check_numbers(max(x, 0), {5, 6, 8, 7});
    check_numbers(max(x, 2, true), {2, 4, 6, 8});
    CHECK(max(x, 1, true).shape() == Shape{2, 1, 2});
  }

  TEST_CASE("sums of nothing are zero; means and maxima of nothing are an error") {
    Tape tape;
    Tensor none = full({2, 0}, 1);
    check_numbers(sum(none), {0});
    check_numbers(sum(none, 1), {0, 0});
    CHECK(sum(none, 0).shape() == Shape{0});
    CHECK_THROWS_WITH_AS(mean(none), "mean: no numbers: x is (2, 0); need at least one", Error);
    CHECK_THROWS_WITH_AS(mean(none, -1),
                         "mean: no numbers: axis -1 of x, which is (2, 0), has length 0; need at least 1", Error);
    CHECK_THROWS_WITH_AS(max(none, 1), "max: no numbers: axis 1 of x, which is (2, 0), has length 0; need at least 1",
                         Error);
    CHECK_THROWS_WITH_AS(argmax(none),
                         "argmax: no numbers: axis -1 of x, which is (2, 0), has length 0; need at least 1", Error);
    CHECK_THROWS_WITH_AS(argmin(full({}, 1), 1), "argmin: no axis 1 in ()", Error);
    CHECK_THROWS_WITH_AS(amax(none), "amax: no numbers: x is (2, 0); need at least one", Error);
    CHECK_THROWS_WITH_AS(sum(none, {0, -2}), "sum: an axis stands twice: axes are (0, -2), x is (2, 0); need each once",
                         Error);
    CHECK_THROWS_WITH_AS(sum(none, 2), "sum: no axis 2 in (2, 0)", Error);
    CHECK_THROWS_WITH_AS(max(none, -3), "max: no axis -3 in (2, 0)", Error);
    CHECK_THROWS_WITH_AS(mean(none, 2), "mean: no axis 2 in (2, 0)", Error);
  }

  TEST_CASE("the first of equal maxima is taken, and gets the gradient; NaN is larger than any number") {
    const Checking nothing(kCheckNothing);  // NaN on purpose
    Tape tape;
    Tensor x = variable({3, 3}, {1, 4, 4, -1, -2, -1, 5, kNaN, 6});
    CHECK(argmax(x) == std::vector<int>{1, 0, 1});
    Tensor y = max(x, -1);
    CHECK(std::isnan(y.value()[2]));
    tape.backward(y, std::vector<Real>{1, 2, 3});
    check_numbers(x.grad(), {0, 1, 0, 2, 0, 0, 0, 3, 0});
    CHECK(argmax(full({2, 2, 2}, 0)) == std::vector<int>{0, 0, 0, 0});
    CHECK(argmax(full({0, 2}, 0)).empty());
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{7}, Shape{2, 3}, Shape{3, 1, 2}}) {
      gradcheck("sum", {shape}, [](Tensor x) { return sum(x); });
      gradcheck("mean", {shape}, [](Tensor x) { return mean(x); });
      for (int axis = 0; axis < shape.rank(); ++axis) {
        for (const bool keep : {false, true}) {
          gradcheck("sum", {shape}, [=](Tensor x) { return sum(x, axis, keep); });
          gradcheck("mean", {shape}, [=](Tensor x) { return mean(x, axis, keep); });
          gradcheck("max", {shape}, [=](Tensor x) { return max(x, axis, keep); });
        }
      }
    }
    Leaf leaf("leaf", {2, 2});
    for (std::size_t i = 0; i < leaf.size(); ++i) leaf.value()[i] = static_cast<Real>(i);
    gradcheck("reductions", {},
              [&] {
                return std::vector{sum(leaf, 0), mean(leaf, 1), max(leaf, 0), sum(leaf)};
              },
              {&leaf});
  }
}
