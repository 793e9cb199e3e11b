#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

constexpr double kEdges[] = {-kInfinity, -1e30, -200, -90,  -20.5, -1,   -1e-30,    -0.0, 0,
                             1e-30,      0.5,   1,    20.5, 90,    1e30, kInfinity, kNaN};

/// Equal within some ULP, both NaN, or the same infinity.
bool close(double got, double wanted) {
  if (std::isnan(wanted)) return std::isnan(got);
  if (got == wanted) return true;
  const double epsilon = std::numeric_limits<Real>::epsilon();
  return std::abs(got - wanted) <= 8 * epsilon * std::abs(wanted) + std::numeric_limits<Real>::min();
}

/// The op's value and gradient at the edges against those of formulas in long double.
void check_edges(const std::string& name, Tensor (*op)(Tensor), long double (*value)(long double),
                 long double (*derivative)(long double)) {
  CAPTURE(name);
  for (const double edge : kEdges) {
    CAPTURE(edge);
    const auto number = static_cast<Real>(edge);
    Tape tape;
    Tensor x = variable({}, {number});
    const Tensor y = op(x);
    tape.backward(y);
    const auto wanted = static_cast<Real>(value(number)), slope = static_cast<Real>(derivative(number));
    CAPTURE(y.item());
    CAPTURE(wanted);
    CHECK(close(y.item(), wanted));
    CAPTURE(x.grad()[0]);
    CAPTURE(slope);
    CHECK(close(x.grad()[0], slope));
  }
}

/// Value and gradient of an op of two numbers.
struct AtPair {
  AtPair(Tensor (*op)(Tensor, Tensor), double a_number, double b_number) {
    Tape tape;
    Tensor a = variable({}, {static_cast<Real>(a_number)}), b = variable({}, {static_cast<Real>(b_number)});
    const Tensor result = op(a, b);
    tape.backward(result);
    y = result.item();
    da = a.grad()[0];
    db = b.grad()[0];
  }
  double y, da, db;
};

const Shape kPointwiseShapes[] = {{}, {1}, {0}, {5}, {2, 3}, {2, 1, 4}};

using Unary = Tensor (*)(Tensor);

}

TEST_SUITE("pointwise") {
  TEST_CASE("functions of one number are right from -inf to inf, with their gradients") {
    const Checking nothing(kCheckNothing);  // infinities and NaN on purpose
    using Number = long double;
    check_edges(
        "softplus", [](Tensor x) { return softplus(x); }, [](Number x) { return x > 20 ? x : std::log1p(std::exp(x)); },
        [](Number x) { return x > 20 ? 1 : 1 / (1 + std::exp(-x)); });
    check_edges(
        "silu", silu, [](Number x) { return std::isinf(x) && x < 0 ? -0.0L : x / (1 + std::exp(-x)); },
        [](Number x) {
          if (std::isinf(x)) return x > 0 ? 1.0L : 0.0L;
          return (1 + x / (1 + std::exp(x))) / (1 + std::exp(-x));
        });
    check_edges(
        "leaky_relu", [](Tensor x) { return leaky_relu(x); },
        [](Number x) { return x > 0 ? x : static_cast<Number>(Real(0.01)) * x; },
        [](Number x) { return x > 0 ? 1 : static_cast<Number>(Real(0.01)); });
    check_edges(
        "elu", [](Tensor x) { return elu(x); }, [](Number x) { return x > 0 ? x : std::expm1(x); },
        [](Number x) { return x <= 0 ? std::exp(x) : 1; });
    check_edges("expm1", expm1, std::expm1, std::exp);
    check_edges("log1p", log1p, std::log1p, [](Number x) { return 1 / (1 + x); });
    check_edges("erf", erf, std::erf, [](Number x) { return 1.12837916709551257390L * std::exp(-x * x); });
    check_edges(
        "rsqrt", rsqrt, [](Number x) { return 1 / std::sqrt(x); }, [](Number x) { return -0.5L / (x * std::sqrt(x)); });
    check_edges(
        "reciprocal", reciprocal, [](Number x) { return 1 / x; }, [](Number x) { return -1 / (x * x); });
    check_edges("abs", abs, std::abs, [](Number x) { return Number((x > 0) - (x < 0)); });
    check_edges(
        "sign", sign, [](Number x) { return Number((x > 0) - (x < 0)); }, [](Number) { return 0.0L; });
    check_edges("round", round, std::nearbyint, [](Number) { return 0.0L; });
    check_edges("floor", floor, std::floor, [](Number) { return 0.0L; });
    check_edges("ceil", ceil, std::ceil, [](Number) { return 0.0L; });
    check_edges(
        "2^x", [](Tensor x) { return pow(2, x); }, [](Number x) { return std::pow(2.0L, x); },
        [](Number x) { return std::pow(2.0L, x) * std::log(2.0L); });
  }

  TEST_CASE("expm1 and log1p are within a few ULP over their range") {
    Tape tape;
    for (double x = -0.99; x < 40; x = x < -1e-8 ? x / 1.7 : x < 0 ? 1e-8 : x * 1.7) {
      CAPTURE(x);
      const auto number = static_cast<Real>(x);
      const Tensor at = constant({}, {number});
      CHECK(close(expm1(at).item(), std::expm1(number)));
      CHECK(close(log1p(at).item(), std::log1p(number)));
      CHECK(close(expm1(-at * 20).item(), std::expm1(number * -20)));
    }
  }

  TEST_CASE("halves are rounded to even; -0 stays, and |-0| is 0") {
    Tape tape;
    check_numbers(round(constant({7}, {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.51})), {-2, -2, 0, 0, 2, 2, 3});
    CHECK(std::signbit(round(constant({}, {Real(-0.2)})).item()));
    CHECK_FALSE(std::signbit(abs(constant({}, {Real(-0.0)})).item()));
  }

  TEST_CASE("a number divided by a tensor") {
    const Checking nothing(kCheckNothing);  // infinities on purpose
    Tape tape;
    Tensor x = variable({5}, {41, -2, Real(1e20), Real(1e-20), 0});
    Tensor y = 41 / x;
    CHECK(y.value()[0] == 1);
    check_numbers(y, {1, -20.5, 41e-20, 41e20, kInfinity});
    tape.backward(sum(y * constant({5}, {1, 0, 1, 0, 0})));
    CHECK(close(x.grad()[0], -1.0 / 41));
    CHECK(close(x.grad()[2], static_cast<Real>(-41e-40)));
  }

  TEST_CASE("assignments make new handles, and leave the old ones alone") {
    Tape tape;
    Tensor x = variable({2}, {1, 2}), y = x;
    y += x;
    y *= 3;
    y -= 1;
    y /= x;
    check_numbers(y, {5, 5.5});  // (6 x - 1) / x
    check_numbers(x, {1, 2});
    y += 1;
    tape.backward(sum(y));
    check_numbers(x.grad(), {1, 0.25});  // 1 / x²
  }

  TEST_CASE("softplus, leaky_relu and elu take their settings") {
    Tape tape;
    Tensor x = constant({3}, {-1, 0.5, 3});
    check_numbers(softplus(x, 2),
                  {std::log1p(std::exp(-2)) / 2, std::log1p(std::exp(1)) / 2, std::log1p(std::exp(6)) / 2});
    check_numbers(softplus(x, 1, 2), {std::log1p(std::exp(-1)), std::log1p(std::exp(0.5)), 3});
    check_numbers(leaky_relu(x, 0.5), {-0.5, 0.5, 3});
    check_numbers(elu(x, 2), {2 * std::expm1(-1), 0.5, 3});
  }

  TEST_CASE("powers of tensors, at bases and exponents of 0 and below") {
    const Checking nothing(kCheckNothing);  // NaN on purpose
    struct Case {
      double a, b, y, da, db;
    };
    for (const Case& c :
         {Case{0, 0, 1, 0, 0}, Case{0, 1, 0, 1, 0}, Case{0, 2, 0, 0, 0}, Case{-2, 2, 4, -4, kNaN},
          Case{-2, 3, -8, 12, kNaN}, Case{2, 0, 1, 0, std::log(2)}, Case{0, -1, kInfinity, -kInfinity, -kInfinity},
          Case{2, 3, 8, 12, 8 * std::log(2)}, Case{-2, 1e-20, kNaN, kNaN, kNaN}}) {
      CAPTURE(c.a);
      CAPTURE(c.b);
      const AtPair got(pow, c.a, c.b);
      CHECK(close(got.y, c.y));
      CHECK(close(got.da, c.da));
      CHECK(close(got.db, c.db));
    }
    Tape tape;
    Tensor x = variable({4}, {0, 1, 2, -1});
    Tensor y = pow(0, x);
    check_numbers(y, {1, 0, 0, kInfinity});
    tape.backward(sum(y));
    check_numbers(x.grad(), {0, 0, 0, -kInfinity});
    check_numbers(pow(constant({2}, {3, 4}), 2), {9, 16});
  }

  TEST_CASE("limits that are tensors: the gradient goes to what was taken") {
    const Checking nothing(kCheckNothing);  // NaN on purpose
    Tape tape;
    Tensor x = variable({8}, {1, 2, 3, 5, 1, 9, 4, static_cast<Real>(kNaN)});
    Tensor low = variable({8}, {2, 2, 2, 2, 4, 4, static_cast<Real>(kNaN), 1});
    Tensor high = variable({8}, {3, 3, 3, 2, 1, 1, 5, 2});
    Tensor y = clamp(x, low, high);
    check_numbers(y, {2, 2, 3, 2, 1, 1, kNaN, kNaN});
    tape.backward(y, std::vector<Real>(8, 1));
    check_numbers(x.grad(), {0, 1, 1, 0, 0, 0, 0, 0});
    check_numbers(low.grad(), {1, 0, 0, 0, 0, 0, 0, 0});
    check_numbers(high.grad(), {0, 0, 0, 1, 1, 1, 0, 0});
    Tensor z = constant({3}, {-1, 2, 7});
    check_numbers(clamp(z, constant({}, {0}), {}), {0, 2, 7});
    check_numbers(clamp(z, {}, constant({}, {5})), {-1, 2, 5});
    check_numbers(clamp(z, Tensor(), Tensor()), {-1, 2, 7});
    check_numbers(clamp_min(z, 0), {0, 2, 7});
    check_numbers(clamp_max(z, 5), {-1, 2, 5});
    CHECK_THROWS_WITH_AS(clamp(z, full({2}, 0), {}),
                         "clamp_min: shapes do not broadcast: a is (3), b is (2); need equal lengths or 1 on axis -1",
                         Error);
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    struct Op {
      const char* name;
      Unary op;
    };
    for (const Shape& shape : kPointwiseShapes) {
      for (const auto& [name, op] :
           {Op{"expm1", expm1}, Op{"sin", sin}, Op{"cos", cos}, Op{"erf", erf}, Op{"silu", silu}, Op{"abs", abs},
            Op{"sign", sign}, Op{"reciprocal", reciprocal}, Op{"softplus", [](Tensor x) { return softplus(x, 2); }},
            Op{"leaky_relu", [](Tensor x) { return leaky_relu(x, Real(0.2)); }},
            Op{"elu", [](Tensor x) { return elu(x, Real(0.7)); }},
            Op{"exponential", [](Tensor x) { return pow(Real(1.5), x); }},
            Op{"reciprocal", [](Tensor x) { return 3 / x; }}}) {
        gradcheck(name, {shape}, op);
      }
      const CheckInput positive = CheckInput::between(shape, Real(0.5), 2);
      gradcheck("log1p", {positive}, Unary(log1p));
      gradcheck("rsqrt", {positive}, Unary(rsqrt));
      for (const auto& [name, op] : {Op{"round", round}, Op{"floor", floor}, Op{"ceil", ceil}}) {
        gradcheck(name, {CheckInput::between(shape, Real(0.6), Real(0.9))}, op);
      }
    }
    const Checking others({.broadcasts = false});  // ranks that differ on purpose
    struct Shapes {
      Shape a, b;
    };
    for (const auto& [a, b] : {Shapes{{}, {}}, Shapes{{2, 3}, {2, 3}}, Shapes{{2, 3}, {3}}, Shapes{{2, 1, 3}, {4, 1}},
                               Shapes{{}, {2, 2}}, Shapes{{0, 3}, {3}}}) {
      gradcheck("pow", {CheckInput::between(a, Real(0.5), 2), b}, [](Tensor a, Tensor b) { return pow(a, b); });
      gradcheck("clamp_min", {a, b}, [](Tensor a, Tensor b) { return clamp_min(a, b * Real(0.3)); });
      gradcheck("clamp_max", {a, b}, [](Tensor a, Tensor b) { return clamp_max(a, b * Real(0.3)); });
    }
  }
}
