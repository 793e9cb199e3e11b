#include <doctest/doctest.h>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "ops/arrange/sort.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "tests/support/numbers.h"

using namespace gradus;

TEST_SUITE("sort") {
  TEST_CASE("along any axis, both ways, with indices") {
    Tape tape;
    Tensor x = variable({2, 3}, {3, 1, 2, 0, 5, -1});
    const Sorted rows = sort(x), columns = sort(x, 0), down = sort(x, -1, true);
    check_numbers(rows.values, {1, 2, 3, -1, 0, 5});
    CHECK(rows.indices == std::vector<int>{1, 2, 0, 2, 0, 1});
    check_numbers(columns.values, {0, 1, -1, 3, 5, 2});
    CHECK(columns.indices == std::vector<int>{1, 0, 1, 0, 1, 0});
    check_numbers(down.values, {3, 2, 1, 5, 0, -1});
    CHECK(argsort(x, -2) == columns.indices);
    CHECK(argsort(x, 1, true) == std::vector<int>{0, 2, 1, 1, 0, 2});
    tape.backward(sum(rows.values * constant({3}, {1, 10, 100})));
    check_numbers(x.grad(), {100, 1, 10, 10, 100, 1});
    CHECK_THROWS_WITH_AS(sort(x, 2), "sort: no axis 2 in (2, 3)", Error);
    CHECK_THROWS_WITH_AS(sort(full({}, 1), 1), "sort: no axis 1 in (1)", Error);
    CHECK(sort(full({}, 1), 0).values.shape() == Shape{});
    CHECK(topk(full({}, 1), 1).values.shape() == Shape{});
    CHECK(argsort(full({}, 1)) == std::vector<int>{0});
  }

  TEST_CASE("equal numbers keep their order, and NaN is the largest") {
    const Checking nothing(kCheckNothing);  // NaN on purpose
    Tape tape;
    CHECK(argsort(constant({4}, {1, 0, 1, 0})) == std::vector<int>{1, 3, 0, 2});
    CHECK(argsort(constant({4}, {1, 0, 1, 0}), 0, true) == std::vector<int>{0, 2, 1, 3});
    Tensor x = constant({5}, {1, kNaN, kInfinity, -kInfinity, kNaN});
    CHECK(argsort(x) == std::vector<int>{3, 0, 2, 1, 4});
    CHECK(argsort(x, 0, true) == std::vector<int>{1, 4, 2, 0, 3});
    CHECK(topk(x, 2).indices == std::vector<int>{1, 4});
    CHECK(topk(x, 2, 0, false).indices == std::vector<int>{3, 0});
  }

  TEST_CASE("topk") {
    Tape tape;
    Tensor x = variable({3, 2}, {1, 6, 5, 2, 3, 4});
    const Sorted top = topk(x, 2, 0);
    CHECK(top.values.shape() == Shape{2, 2});
    check_numbers(top.values, {5, 6, 3, 4});
    CHECK(top.indices == std::vector<int>{1, 0, 2, 2});
    check_numbers(topk(x, 1, -1, false).values, {1, 2, 3});
    CHECK(topk(x, 0, 0).values.shape() == Shape{0, 2});
    CHECK(topk(full({0, 3}, 0), 2).values.shape() == Shape{0, 2});
    tape.backward(sum(top.values));
    check_numbers(x.grad(), {0, 1, 1, 0, 1, 1});
    CHECK_THROWS_WITH_AS(topk(x, 3), "topk: bad k: 3 on axis 1 of x, which is (3, 2); need 0 <= k <= 2", Error);
    CHECK_THROWS_AS(topk(x, -1), Error);
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    for (const int axis : {0, 1, -1}) {
      gradcheck("sort", {{2, 3, 2}}, [=](Tensor x) { return sort(x, axis).values; });
      gradcheck("sort", {{2, 3, 2}}, [=](Tensor x) { return sort(x, axis, true).values; });
      gradcheck("topk", {{3, 3, 3}}, [=](Tensor x) { return topk(x, 2, axis).values; });
      gradcheck("topk", {{3, 3, 3}}, [=](Tensor x) { return topk(x, 2, axis, false).values; });
    }
  }
}
