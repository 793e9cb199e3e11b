#include <doctest/doctest.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "ops/compare.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "tests/support/numbers.h"

using namespace gradus;

TEST_SUITE("compare") {
  TEST_CASE("masks of comparisons; NaN is unequal to all") {
    Tape tape;
    Tensor a = constant({5}, {1, 2, 3, -0.0, kNaN}), b = constant({5}, {2, 2, 2, 0, kNaN});
    check_numbers(eq(a, b), {0, 1, 0, 1, 0});
    check_numbers(ne(a, b), {1, 0, 1, 0, 1});
    check_numbers(lt(a, b), {1, 0, 0, 0, 0});
    check_numbers(le(a, b), {1, 1, 0, 1, 0});
    check_numbers(gt(a, b), {0, 0, 1, 0, 0});
    check_numbers(ge(a, b), {0, 1, 1, 1, 0});
    check_numbers(eq(a, 2), {0, 1, 0, 0, 0});
    check_numbers(ne(a, 2), {1, 0, 1, 1, 1});
    check_numbers(lt(a, 2), {1, 0, 0, 1, 0});
    check_numbers(le(a, 2), {1, 1, 0, 1, 0});
    check_numbers(gt(a, 2), {0, 0, 1, 0, 0});
    check_numbers(ge(a, 2), {0, 1, 1, 0, 0});
    CHECK(lt(full({2, 1}, 0), full({1, 3}, 0)).shape() == Shape{2, 3});
    CHECK(lt(full({0, 3}, 0), full({3}, 0)).shape() == Shape{0, 3});
    CHECK_THROWS_WITH_AS(lt(a, full({2}, 0)),
                         "lt: shapes do not broadcast: a is (5), b is (2); need equal lengths or 1 on axis -1", Error);
  }

  TEST_CASE("no gradient flows through a mask") {
    Tape tape;
    Tensor x = variable({3}, {-1, 0, 2});
    Tensor mask = gt(x, 0);
    CHECK_FALSE(mask.needs_grad());
    tape.backward(sum(mask * x));
    check_numbers(x.grad(), {0, 0, 1});
  }

  TEST_CASE("maximum and minimum: halves for equal numbers, and NaN wins") {
    const Checking nothing(kCheckNothing);  // NaN on purpose
    Tape tape;
    Tensor a = variable({5}, {1, 2, 3, kNaN, 1}), b = variable({5}, {1, 3, 2, 1, kNaN});
    Tensor most = maximum(a, b), least = minimum(a, b);
    check_numbers(most, {1, 3, 3, kNaN, kNaN});
    check_numbers(least, {1, 2, 2, kNaN, kNaN});
    tape.backward(most + 10 * least, std::vector<Real>(5, 1));
    check_numbers(a.grad(), {5.5, 10, 1, 11, 11});
    check_numbers(b.grad(), {5.5, 1, 10, 11, 11});
    check_numbers(maximum(constant({2}, {-kInfinity, kInfinity}), constant({}, {0})), {0, kInfinity});
  }

  TEST_CASE("where chooses, stretching all three") {
    Tape tape;
    Tensor mask = constant({2, 1}, {1, 0}), a = variable({3}, {1, 2, 3}), b = variable({}, {7});
    Tensor y = where(mask, a, b);
    CHECK(y.shape() == Shape{2, 3});
    check_numbers(y, {1, 2, 3, 7, 7, 7});
    tape.backward(y, std::vector<Real>{1, 2, 3, 4, 5, 6});
    check_numbers(a.grad(), {1, 2, 3});
    check_numbers(b.grad(), {15});
  }

  TEST_CASE("where takes numbers, and any mask that is not 0") {
    Tape tape;
    Tensor mask = constant({3}, {0, -2, kNaN}), x = constant({3}, {1, 2, 3});
    check_numbers(where(mask, x, 9), {9, 2, 3});
    check_numbers(where(mask, 9, x), {1, 9, 9});
    check_numbers(where(mask, 1, 0), {0, 1, 1});
    check_numbers(masked_fill(x, mask, -kInfinity), {1, -kInfinity, -kInfinity});
    CHECK(where(full({0, 1}, 1), x, 0).shape() == Shape{0, 3});
    CHECK_THROWS_WITH_AS(where(mask, x, full({2}, 0)),
                         "where: shapes do not broadcast: a is (3), b is (2); need equal lengths or 1 on axis -1",
                         Error);
    CHECK_THROWS_WITH_AS(where(variable({3}, {1, 0, 1}), x, 0),
                         "where: the mask needs a gradient (it was made by variable), and gets none", Error);
  }

  TEST_CASE("the trap of where, and the way around it") {
    const Checking nothing(kCheckNothing);  // NaN on purpose
    {
      Tape tape;
      Tensor x = variable({2}, {0, 4});
      tape.backward(sum(where(gt(x, 0), sqrt(x), 0)));
      CHECK(std::isnan(x.grad()[0]));
    }
    {
      Tape tape;
      Tensor x = variable({2}, {0, 4});
      Tensor positive = gt(x, 0);
      Tensor root = where(positive, sqrt(where(positive, x, 1)), 0);
      check_numbers(root, {0, 2});
      tape.backward(sum(root));
      check_numbers(x.grad(), {0, 0.25});
    }
    Tape tape;
    Tensor x = variable({3}, {-1, 0, 4});
    Tensor positive = gt(x, 0);
    tape.backward(sum(where(positive, log(where(positive, x, 1)), 0)));
    check_numbers(x.grad(), {0, 0, 0.25});
  }

  TEST_CASE("a number stretched over many rows gets the whole sum of its gradient") {
    constexpr int kRows = 30000;
    Tape tape;
    Tensor b = variable({}, {2}), mask = constant({kRows}, std::vector<Real>(kRows, 1));
    tape.backward(sum(where(mask, b, 0)));
    CHECK(b.grad()[0] == kRows);
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    const Checking others({.broadcasts = false});  // ranks that differ on purpose
    struct Shapes {
      Shape a, b;
    };
    for (const auto& [a, b] : {Shapes{{}, {}}, Shapes{{2, 3}, {2, 3}}, Shapes{{2, 3}, {3}}, Shapes{{2, 1, 3}, {4, 1}},
                               Shapes{{}, {2, 2}}, Shapes{{0, 3}, {3}}}) {
      gradcheck("maximum", {a, b}, maximum);
      gradcheck("minimum", {a, b}, minimum);
      const auto choose = [](Tensor a, Tensor b) { return where(constant({2, 1, 1}, {1, 0}), a, b); };
      gradcheck("where", {a, b}, choose);
      using Compare = Tensor (*)(Tensor, Tensor);
      for (const Compare compare : {Compare(eq), Compare(ne), Compare(lt), Compare(le), Compare(gt), Compare(ge)}) {
        gradcheck("compare", {a, b}, [=](Tensor a, Tensor b) { return a + b + compare(a, b); });
      }
    }
    gradcheck("masked_fill", {{2, 3}}, [](Tensor x) { return masked_fill(x, constant({3}, {1, 0, 1}), 2); });
  }
}
