#include <doctest/doctest.h>

#include "autograd/gradcheck.h"
#include "ops/arrange/extend.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "tests/support/numbers.h"

using namespace gradus;

TEST_SUITE("extend") {
  TEST_CASE("expand stretches, and sums the gradient") {
    Tape tape;
    Tensor x = variable({2, 1}, {1, 2});
    Tensor y = expand(x, {3, 2, 2});
    CHECK(y.shape() == Shape{3, 2, 2});
    check_numbers(y, {1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2});
    CHECK(expand(x, {-1, 4}).shape() == Shape{2, 4});
    CHECK(expand(x, {2, 0}).shape() == Shape{2, 0});
    CHECK(expand(full({}, 3), {2, 2}).shape() == Shape{2, 2});
    CHECK(expand(full({0, 1}, 3), {-1, 4}).shape() == Shape{0, 4});
    tape.backward(sum(y));
    check_numbers(x.grad(), {6, 6});
    const char* const text =
        "expand: lengths do not fit: x is (2, 1), wanted ({}); need those of x where they are not 1, or -1, and at "
        "most 6";
    CHECK_THROWS_WITH_AS(expand(x, {3, 2}), fmt::format(fmt::runtime(text), "3, 2").c_str(), Error);
    CHECK_THROWS_WITH_AS(expand(x, {2}), fmt::format(fmt::runtime(text), "2").c_str(), Error);
    CHECK_THROWS_WITH_AS(expand(x, {-1, 2, 1}), fmt::format(fmt::runtime(text), "-1, 2, 1").c_str(), Error);
    CHECK_THROWS_AS(expand(x, {2, -2}), Error);
    CHECK_THROWS_AS(expand(x, {1, 1, 1, 1, 1, 2, 1}), Error);
  }

  TEST_CASE("repeat and tile") {
    Tape tape;
    Tensor x = constant({2, 2}, {1, 2, 3, 4});
    check_numbers(repeat(x, {1, 2}), {1, 2, 1, 2, 3, 4, 3, 4});
    check_numbers(repeat(x, {2, 1}), {1, 2, 3, 4, 1, 2, 3, 4});
    CHECK(repeat(x, {3, 1, 2}).shape() == Shape{3, 2, 4});
    CHECK(repeat(x, {0, 1}).shape() == Shape{0, 2});
    check_numbers(repeat(full({}, 5), {3}), {5, 5, 5});
    CHECK(repeat(full({2, 0}, 5), {2, 3}).shape() == Shape{4, 0});
    check_numbers(tile(x, 2), {1, 2, 1, 2, 3, 4, 3, 4});
    CHECK(tile(x, {2, 1, 1}).shape() == Shape{2, 2, 2});
    CHECK_THROWS_WITH_AS(
        repeat(x, {2}),
        "repeat: bad counts: (2) for x, which is (2, 2); need one for each axis, 0 or more, and at most 6", Error);
    CHECK_THROWS_AS(repeat(x, {-1, 1}), Error);
    CHECK_THROWS_AS(repeat(x, {1, 1, 1, 1, 1, 1, 1}), Error);
  }

  TEST_CASE("pad, from the last axis on, and negative amounts") {
    Tape tape;
    Tensor x = variable({2, 2}, {1, 2, 3, 4});
    check_numbers(pad(x, {1, 2}), {0, 1, 2, 0, 0, 0, 3, 4, 0, 0});
    check_numbers(pad(x, {0, 0, 1, 0}, 7), {7, 7, 1, 2, 3, 4});
    check_numbers(pad(x, {-1, 1}, 9), {2, 9, 4, 9});
    check_numbers(pad(x, {-1, 0, 0, -1}), {2});
    CHECK(pad(x, {-1, -1}).shape() == Shape{2, 0});
    CHECK(pad(full({0}, 0), {1, 1}).shape() == Shape{2});
    check_numbers(pad(x, {}), {1, 2, 3, 4});
    tape.backward(sum(pad(x, {-1, 1, 2, 2}, 5)));
    check_numbers(x.grad(), {0, 1, 0, 1});
    CHECK_THROWS_WITH_AS(
        pad(x, {1}), "pad: bad amounts: (1) for x, which is (2, 2); need two for each axis, the last one first", Error);
    CHECK_THROWS_AS(pad(x, {1, 1, 1, 1, 1, 1}), Error);
    CHECK_THROWS_WITH_AS(
        pad(x, {-2, -1}),
        "pad: too little to take from: (-2, -1) of axis 1 of x, which is (2, 2); need at most its length", Error);
  }

  TEST_CASE("pad goes on with the numbers of x") {
    Tape tape;
    const Tensor x = constant({3}, {1, 2, 3});
    check_numbers(pad(x, {2, 1}, Border::Reflect), {3, 2, 1, 2, 3, 2});
    check_numbers(pad(x, {2, 3}, Border::Replicate), {1, 1, 1, 2, 3, 3, 3, 3});
    check_numbers(pad(x, {2, 3}, Border::Circular), {2, 3, 1, 2, 3, 1, 2, 3});
    check_numbers(pad(x, {-1, 1}, Border::Reflect), {2, 3, 2});
    check_numbers(pad(x, {1, -1}, Border::Circular), {2, 1, 2});
    CHECK(pad(x, {-2, -1}, Border::Replicate).shape() == Shape{0});
    Tensor plane = variable({2, 2}, {1, 2, 3, 4});
    const Tensor y = pad(plane, {1, 0, 0, 1}, Border::Reflect);
    check_numbers(y, {2, 1, 2, 4, 3, 4, 2, 1, 2});
    tape.backward(sum(y));
    check_numbers(plane.grad(), {2, 4, 1, 2});
    CHECK(pad(full({2, 0}, 0), {0, 0, 1, 1}, Border::Reflect).shape() == Shape{4, 0});

    const char* const text =
        "pad: amounts do not fit: ({}) for axis 0 of x, which is (3); need at most {} on each side, and 3 taken away";
    CHECK_THROWS_WITH_AS(pad(x, {3, 0}, Border::Reflect), fmt::format(fmt::runtime(text), "3, 0", 2).c_str(), Error);
    CHECK_THROWS_WITH_AS(pad(x, {0, 4}, Border::Circular), fmt::format(fmt::runtime(text), "0, 4", 3).c_str(), Error);
    CHECK_THROWS_AS(pad(x, {-2, -2}, Border::Replicate), Error);
    CHECK_THROWS_AS(pad(x, {-2, 1}, Border::Reflect), Error);
    CHECK_THROWS_AS(pad(x, {-kToEnd - 1, -kToEnd - 1}, Border::Replicate), Error);
    CHECK_THROWS_AS(pad(x, {kToEnd, kToEnd}, Border::Replicate), Error);
    CHECK_THROWS_AS(pad(full({0}, 0), {1, 1}, Border::Replicate), Error);
    CHECK_THROWS_AS(pad(x, {1}, Border::Replicate), Error);
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    gradcheck("expand", {{2, 1, 3}}, [](Tensor x) { return expand(x, {2, 2, 4, 3}); });
    gradcheck("expand", {{3}}, [](Tensor x) { return expand(x, {2, -1}); });
    gradcheck("expand", {Shape{}}, [](Tensor x) { return expand(x, {2, 2}); });
    gradcheck("repeat", {{2, 3}}, [](Tensor x) { return repeat(x, {2, 1, 3}); });
    gradcheck("tile", {{2, 1, 3}}, [](Tensor x) { return tile(x, {3, 2}); });
    gradcheck("pad", {{2, 3, 2}}, [](Tensor x) { return pad(x, {1, -1, 0, 2}, 3); });
    for (const Border border : {Border::Reflect, Border::Replicate, Border::Circular}) {
      gradcheck("pad", {{2, 3, 3}}, [=](Tensor x) { return pad(x, {1, -1, 2, 2}, border); });
    }
  }
}
