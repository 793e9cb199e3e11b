#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/gather.h"
#include "autograd/gradcheck.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "tests/support/contains.h"

using namespace gradus;

namespace {

/// x³, with a derivative that is right but for the number at `wrong`.
Tensor cube(Tensor x, std::size_t wrong) {
  Tensor y = output(x.shape(), {x});
  for (std::size_t i = 0; i < x.size(); ++i) y.value()[i] = std::pow(x.value()[i], 3);
  record("test_cube", y, [=] {
    for (std::size_t i = 0; i < x.size(); ++i) {
      accumulator(x)[i] += (i == wrong ? 2 : 3) * x.value()[i] * x.value()[i] * y.grad()[i];
    }
  });
  return y;
}

/// a ∘ b, whose backward forgets to ask whether b needs a gradient.
Tensor careless_product(Tensor a, Tensor b) {
  Tensor y = output(a.shape(), {a, b});
  for (std::size_t i = 0; i < a.size(); ++i) y.value()[i] = a.value()[i] * b.value()[i];
  record("test_careless_product", y, [=] {
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a.needs_grad()) accumulator(a)[i] += b.value()[i] * y.grad()[i];
      accumulator(b)[i] += a.value()[i] * y.grad()[i];
    }
  });
  return y;
}

/// x, whose backward swaps two rows: a plain sum of the outputs would not show it.
Tensor swapped(Tensor x) {
  Tensor y = output(x.shape(), {x});
  for (std::size_t i = 0; i < x.size(); ++i) y.value()[i] = x.value()[i];
  record("test_swapped", y, [=] {
    for (std::size_t i = 0; i < x.size(); ++i) accumulator(x)[i] += y.grad()[x.size() - 1 - i];
  });
  return y;
}

/// grad += all right sides.
void add_right(Array grad, int, int, std::span<const Contribution> contributions) {
  for (const Contribution& contribution : contributions) {
    for (std::size_t i = 0; i < grad.size(); ++i) grad[i] += contribution.right[i];
  }
}

/// w, whose backward notes a pointer into its gradient and does not say so.
Tensor forgetful_copy(Tensor w) {
  Tensor y = output(w.shape(), {w});
  std::ranges::copy(w.value(), y.value().begin());
  record("test_forgetful_copy", y, [=] { contribute(w, {.add = add_right, .right = y.grad().data}); });
  return y;
}

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}

TEST_SUITE("gradcheck") {
  TEST_CASE("a right gradient passes, and every number is varied") {
    const GradcheckResult result = gradcheck("cube", {{2, 3}}, [](Tensor x) { return cube(x, 99); });
    CHECK(result.checked == 6);
    if (sizeof(Real) == sizeof(double)) CHECK(result.error < 1e-8);
    CHECK(gradchecked_ops().contains("test_cube"));
  }

  TEST_CASE("a wrong gradient is caught, and its place and both values are named") {
    const std::string message = message_of([] {
      gradcheck("cube", {{2}, {3, 4}}, [](Tensor a, Tensor x) { return sum(a) * cube(x, 6); });
    });
    CHECK(contains(message, "gradcheck cube: wrong gradient for input 1 at (1, 2): backward gives "));
    CHECK(contains(message, "central differences give "));
  }

  TEST_CASE("a wrong gradient of a parameter is caught under its name") {
    Leaf weight("layer.weight", {2, 2});
    for (Real& w : weight.value()) w = 0.5;
    CHECK(gradcheck("layer", {}, [&] { return cube(weight, 99); }, {&weight}).checked == 4);
    const std::string message = message_of([&] { gradcheck("layer", {}, [&] { return cube(weight, 1); }, {&weight}); });
    CHECK(contains(message, "wrong gradient for layer.weight at (0, 1)"));
    CHECK(weight.value()[1] == Real(0.5));
    CHECK_FALSE(weight.frozen);
  }

  TEST_CASE("a gradient that goes to the wrong place is caught by the cotangents") {
    CHECK_THROWS_AS(gradcheck("swapped", {{2, 2}}, swapped), Error);
  }

  TEST_CASE("a gradient for an input that needs none is caught") {
    CHECK(contains(message_of([] {
                     gradcheck("careless", {{3}, {3}}, careless_product);
                   }),
                   "gradcheck careless: with input 1 as a constant: grad: this tensor"));
  }

  TEST_CASE("a pointer into a gradient whose memory a sweep has given to another one is caught") {
    Leaf w("w", {3});
    const auto f = [&](Tensor x) { return std::vector{tanh(square(x)), forgetful_copy(w)}; };
    const std::string message = message_of([&] { gradcheck("forgetful", {{3}}, f, {&w}); });
    CHECK(contains(message, "gradcheck forgetful: wrong gradient for w at "));
    CHECK(contains(message, "and where gradients stay on the tape "));
  }

  TEST_CASE("values that depend on the tape's mode are caught") {
    CHECK(contains(message_of([] {
                     gradcheck("moody", {{3}},
                               [](Tensor x) { return Tape::active().mode() == Tape::Record ? x * x : x; });
                   }),
                   "gradcheck moody: the values on an inference tape differ"));
  }

  TEST_CASE("several outputs, one of them unused by and one of them part of another") {
    const auto f = [](Tensor x, Tensor y) {
      const Tensor product = x * y;
      return std::vector{product, tanh(product), square(y), constant({1}, {2})};
    };
    CHECK(gradcheck("several", {{2, 3}, {3}}, f).checked == 9);
  }

  TEST_CASE("random numbers inside are the same in every evaluation") {
    gradcheck("dropout", {{4, 5}}, [](Tensor x) { return dropout(x, 0.5); });
  }

  TEST_CASE("inputs with a range or with given numbers") {
    gradcheck("log", {CheckInput::between({2, 3}, 0.5, 2)}, [](Tensor x) { return log(x); });
    gradcheck("given", {CheckInput::of({2}, {3, 4})}, [](Tensor x) {
      CHECK(x.value()[0] == doctest::Approx(3).epsilon(0.01));
      return square(x);
    });
  }

  TEST_CASE("mistakes in the call are named") {
    CHECK_THROWS_WITH_AS(gradcheck("square", {}, square), "gradcheck square: 0 inputs given; the function takes 1",
                         Error);
    CHECK_THROWS_WITH_AS(gradcheck("none", {}, [] { return constant({1}, {1}); }),
                         "gradcheck none: no inputs and no parameters; there is nothing to check", Error);
    CHECK_THROWS_WITH_AS(CheckInput::between({2}, 2, 0.5), "gradcheck: empty range: 2 to 0.5; need low < high", Error);
  }

  TEST_CASE("a check that failed counts for no op") {
    CHECK_THROWS_AS(gradcheck("swapped", {{2, 2}}, swapped), Error);
    CHECK_FALSE(gradchecked_ops().contains("test_swapped"));
  }
}
