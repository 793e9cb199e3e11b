#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "tests/reference/broadcast.h"
#include "tests/support/numbers.h"
#include "tests/support/property.h"

using namespace gradus;

namespace {

using Binary = Tensor (*)(Tensor, Tensor);

struct BinaryOp {
  const char* name;
  Binary op;
  Real (*value)(Real a, Real b);
  Real (*to_a)(Real a, Real b);  ///< ∂y/∂a
  Real (*to_b)(Real a, Real b);
};

const BinaryOp kBinaryOps[] = {
    {"add", add, [](Real a, Real b) { return a + b; }, [](Real, Real) { return Real(1); },
     [](Real, Real) { return Real(1); }},
    {"sub", sub, [](Real a, Real b) { return a - b; }, [](Real, Real) { return Real(1); },
     [](Real, Real) { return Real(-1); }},
    {"mul", mul, [](Real a, Real b) { return a * b; }, [](Real, Real b) { return b; }, [](Real a, Real) { return a; }},
    {"div", div, [](Real a, Real b) { return a / b; }, [](Real, Real b) { return 1 / b; },
     [](Real a, Real b) { return -a / (b * b); }},
};

/// Positive numbers that differ from place to place.
std::vector<Real> numbers_from(std::size_t count, double start) {
  std::vector<Real> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<Real>(start + std::fmod(i * 0.7548, 1.0));
  return numbers;
}

/// The op on a and b against a loop with one index an axis, in value and in both gradients.
void check_against_reference(const BinaryOp& op, const Shape& a_shape, const Shape& b_shape) {
  CAPTURE(std::string(op.name));
  CAPTURE(to_string(a_shape));
  CAPTURE(to_string(b_shape));
  Tape tape;
  Tensor a = variable(a_shape, numbers_from(a_shape.size(), 0.5)),
         b = variable(b_shape, numbers_from(b_shape.size(), 1));
  Tensor y = op.op(a, b);
  REQUIRE(y.shape() == broadcast("test", a_shape, b_shape));
  const std::vector<Real> dy = numbers_from(y.size(), -0.3);
  tape.backward(y, dy);
  std::vector<double> value(y.size()), da(a.size()), db(b.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t in_a = reference::stretched_from(i, y.shape(), a_shape);
    const std::size_t in_b = reference::stretched_from(i, y.shape(), b_shape);
    value[i] = op.value(a.value()[in_a], b.value()[in_b]);
    da[in_a] += dy[i] * op.to_a(a.value()[in_a], b.value()[in_b]);
    db[in_b] += dy[i] * op.to_b(a.value()[in_a], b.value()[in_b]);
  }
  check_numbers(y, value);
  check_numbers(a.grad(), da, 1e-5);
  check_numbers(b.grad(), db, 1e-5);
}

/// A shape, and another that broadcasts with it: some axes of either are 1, and one may have fewer axes.
std::pair<Shape, Shape> shapes_that_broadcast() {
  const auto rank = *rc::gen::inRange(0, 5);
  std::vector<int> a, b;
  for (int axis = 0; axis < rank; ++axis) {
    const int length = *rc::gen::element(0, 1, 1, 2, 2, 2, 3, 3, 3, 5, 5);
    const int stretched = *rc::gen::inRange(0, 4);
    a.push_back(stretched == 1 ? 1 : length);
    b.push_back(stretched == 2 ? 1 : length);
  }
  auto& shorter = *rc::gen::arbitrary<bool>() ? a : b;
  shorter.erase(shorter.begin(), shorter.begin() + *rc::gen::inRange(0, rank + 1));
  return {Shape(a), Shape(b)};
}

const Shape kShapes[] = {{}, {1}, {5}, {2, 3}, {2, 1, 4}};

void gradcheck_unary(const char* name, Tensor (*op)(Tensor)) {
  for (const Shape& shape : kShapes) gradcheck(name, {shape}, op);
}

void gradcheck_unary(const char* name, Tensor (*op)(Tensor), Real low, Real high) {
  for (const Shape& shape : kShapes) gradcheck(name, {CheckInput::between(shape, low, high)}, op);
}

}

TEST_SUITE("elementwise") {
  TEST_CASE("arithmetic") {
    Tape tape;
    Tensor a = constant({3}, {1, 2, 3}), b = constant({3}, {4, -2, 0.5});
    check_numbers(a + b, {5, 0, 3.5});
    check_numbers(a - b, {-3, 4, 2.5});
    check_numbers(a * b, {4, -4, 1.5});
    check_numbers(a / b, {0.25, -1, 6});
    check_numbers(-a, {-1, -2, -3});
    check_numbers(1 - a, {0, -1, -2});
    check_numbers(a - 1, {0, 1, 2});
    check_numbers(1 + a, {2, 3, 4});
    check_numbers(a + 1, {2, 3, 4});
    check_numbers(2 * a, {2, 4, 6});
    check_numbers(a * 2, {2, 4, 6});
    check_numbers(a / 2, {0.5, 1, 1.5});
  }

  TEST_CASE("functions of one number") {
    const Checking nothing(kCheckNothing);  // infinities and NaN on purpose
    Tape tape;
    Tensor x = constant({4}, {-2, 0, 0.5, 3});
    check_numbers(exp(x), {std::exp(-2), 1, std::exp(0.5), std::exp(3)});
    check_numbers(tanh(x), {std::tanh(-2), 0, std::tanh(0.5), std::tanh(3)});
    check_numbers(sigmoid(x), {1 / (1 + std::exp(2)), 0.5, 1 / (1 + std::exp(-0.5)), 1 / (1 + std::exp(-3))});
    check_numbers(relu(x), {0, 0, 0.5, 3});
    check_numbers(gelu(x), {-2 * 0.022750131948179207, 0, 0.5 * 0.69146246127401310, 3 * 0.99865010196836990});
    const auto by_tanh = [](double x) {
      return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    };
    check_numbers(gelu_tanh(x), {by_tanh(-2), 0, by_tanh(0.5), by_tanh(3)});
    check_numbers(square(x), {4, 0, 0.25, 9});
    check_numbers(pow(x, 3), {-8, 0, 0.125, 27});
    check_numbers(clamp(x, -1, 0.5), {-1, 0, 0.5, 0.5});
    check_numbers(affine(x, 2, 1), {-3, 1, 2, 7});
    check_numbers(log(constant({3}, {0, 1, 5})), {-kInfinity, 0, std::log(5.0)});
    check_numbers(sqrt(constant({3}, {0, 1, 5})), {0, 1, std::sqrt(5.0)});
    CHECK(std::isnan(log(constant({}, {-1})).item()));
    CHECK(std::isnan(relu(constant({}, {std::numeric_limits<Real>::quiet_NaN()})).item()));
  }

  TEST_CASE("gradients at kinks and limits are those the header promises") {
    Tape tape;
    Tensor x = variable({5}, {-1, 0, 1, 2, 3});
    tape.backward(sum(relu(x)) + sum(clamp(x, 1, 2)) + sum(pow(x, 0)));
    check_numbers(x.grad(), {0, 0, 2, 2, 1});
  }

  TEST_CASE("broadcasting agrees with one index an axis, in value and gradient") {
    const Checking nothing(kCheckNothing);  // ranks that differ on purpose
    CHECK(holds([] {
      const auto [a, b] = shapes_that_broadcast();
      for (const BinaryOp& op : kBinaryOps) check_against_reference(op, a, b);
    }));
  }

  TEST_CASE("rows longer than the working memory are cut without a seam") {
    const Checking nothing(kCheckNothing);  // ranks that differ on purpose
    for (const BinaryOp& op : kBinaryOps) {
      check_against_reference(op, {5000}, {5000});
      check_against_reference(op, {3, 5000}, {3, 1});
      check_against_reference(op, {1}, {2, 2500});
      check_against_reference(op, {2, 1, 4099}, {3, 4099});
    }
  }

  TEST_CASE("a tensor may meet itself") {
    Tape tape;
    Tensor x = variable({2}, {3, -4});
    tape.backward(sum(x * x + x / x));
    check_numbers(x.grad(), {6, -8});
  }

  TEST_CASE("what cannot broadcast is named") {
    Tape tape;
    Tensor a = full({2, 3}, 1), b = full({2, 4}, 1);
    CHECK_THROWS_WITH_AS(
        mul(a, b), "mul: shapes do not broadcast: a is (2, 3), b is (2, 4); need equal lengths or 1 on axis -1", Error);
    CHECK_THROWS_WITH_AS(clamp(a, 2, 1), "clamp: empty range: low is 2, high is 1; need low <= high", Error);
    CHECK_THROWS_WITH_AS(dropout(a, 1), "dropout: bad probability: 1; need 0 <= probability < 1", Error);
    CHECK_THROWS_WITH_AS(dropout(a, std::numeric_limits<Real>::quiet_NaN()),
                         "dropout: bad probability: nan; need 0 <= probability < 1", Error);
  }

  TEST_CASE("dropout keeps the mean, drops the given share, and depends on the seed alone") {
    constexpr int kCount = 100000;
    const auto run = [](std::uint64_t seed) {
      Tape tape(Tape::Record, seed);
      Tensor x = variable({kCount}, std::vector<Real>(kCount, 2));
      Tensor first = dropout(x, Real(0.3)), second = dropout(x, Real(0.3));
      tape.backward(sum(first));
      std::vector<Real> numbers(first.value().begin(), first.value().end());
      CHECK_FALSE(std::equal(numbers.begin(), numbers.end(), second.value().begin()));
      for (int i = 0; i < kCount; ++i) {
        const bool kept = numbers[i] != 0;
        REQUIRE(numbers[i] == doctest::Approx(kept ? 2 / 0.7 : 0));
        REQUIRE(x.grad()[i] == doctest::Approx(kept ? 1 / 0.7 : 0));
      }
      return numbers;
    };
    const std::vector<Real> numbers = run(7);
    CHECK(std::count(numbers.begin(), numbers.end(), 0) / double(kCount) == doctest::Approx(0.3).epsilon(0.02));
    CHECK(numbers == run(7));
    CHECK(numbers != run(8));

    Tape tape;
    Tensor x = constant({3}, {1, 2, 3});
    check_numbers(dropout(x, 0), {1, 2, 3});
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    const Checking others({.broadcasts = false});  // ranks that differ on purpose
    struct Shapes {
      Shape a, b;
    };
    const Shapes pairs[] = {{{}, {}},      {{1}, {1}},       {{2, 3}, {2, 3}},
                            {{2, 3}, {3}}, {{2, 3}, {2, 1}}, {{2, 1, 3}, {4, 1}},
                            {{}, {2, 2}},  {{0, 3}, {3}},    {{2, 3, 1, 2}, {3, 4, 1}}};
    for (const auto& [a, b] : pairs) {
      for (const BinaryOp& op : kBinaryOps) gradcheck(op.name, {a, b}, op.op);
    }
    Leaf leaf("leaf", {3});
    std::fill_n(leaf.value().begin(), 3, Real(0.7));
    for (const BinaryOp& op : kBinaryOps)
      gradcheck(op.name, {{2, 3}}, [&](Tensor x) { return op.op(x, leaf); }, {&leaf});

    gradcheck_unary("exp", exp);
    gradcheck_unary("log", log, Real(0.5), 2);
    gradcheck_unary("tanh", tanh);
    gradcheck_unary("sigmoid", sigmoid);
    gradcheck_unary("relu", relu);
    gradcheck_unary("gelu", gelu);
    gradcheck_unary("gelu_tanh", gelu_tanh);
    gradcheck_unary("sqrt", sqrt, Real(0.5), 2);
    gradcheck_unary("square", square);
    gradcheck_unary(
        "pow", [](Tensor x) { return pow(x, Real(1.7)); }, Real(0.5), 2);
    gradcheck_unary("pow", [](Tensor x) { return pow(x, -2); });
    gradcheck_unary("clamp", [](Tensor x) { return clamp(x, Real(-0.2), Real(0.2)); });
    gradcheck_unary("affine", [](Tensor x) { return Real(3) - x / 2; });
    gradcheck_unary("dropout", [](Tensor x) { return dropout(x, Real(0.4)); });
  }
}
