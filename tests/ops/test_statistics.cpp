#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

using Reduce = std::function<Tensor(Tensor, List<int>, bool)>;

struct NamedReduction {
  const char* name;
  Reduce reduce;
};

const NamedReduction kNamedReductions[] = {
    {"sum", [](Tensor x, List<int> axes, bool keep) { return sum(x, axes, keep); }},
    {"mean", [](Tensor x, List<int> axes, bool keep) { return mean(x, axes, keep); }},
    {"prod", prod},
    {"amax", amax},
    {"amin", amin},
    {"logsumexp", logsumexp},
    {"var", [](Tensor x, List<int> axes, bool keep) { return var(x, axes, 1, keep); }},
    {"var", [](Tensor x, List<int> axes, bool keep) { return var(x, axes, 0, keep); }},
    {"stddev", [](Tensor x, List<int> axes, bool keep) { return stddev(x, axes, 1, keep); }},
    {"norm", [](Tensor x, List<int> axes, bool keep) { return norm(x, 2, axes, keep); }},
    {"norm", [](Tensor x, List<int> axes, bool keep) { return norm(x, 3, axes, keep); }},
    {"norm", [](Tensor x, List<int> axes, bool keep) { return norm(x, 1, axes, keep); }},
    {"norm", [](Tensor x, List<int> axes, bool keep) { return norm(x, Real(0.5), axes, keep); }},
    {"norm", [](Tensor x, List<int> axes, bool keep) { return norm(x, -2, axes, keep); }},
    {"norm", [](Tensor x, List<int> axes, bool keep) { return norm(x, kInfinity, axes, keep); }},
    {"norm", [](Tensor x, List<int> axes, bool keep) { return norm(x, -kInfinity, axes, keep); }},
    {"norm", [](Tensor x, List<int> axes, bool keep) { return norm(x, 0, axes, keep); }},
};

/// y and dx of y = f(x), x a vector, for dy = 1.
struct Of {
  Of(const std::vector<Real>& x_numbers, Tensor (*f)(Tensor)) {
    Tape tape;
    Tensor x = variable({static_cast<int>(x_numbers.size())}, x_numbers);
    const Tensor result = f(x);
    y = result.item();
    tape.backward(result);
    dx.assign(x.grad().begin(), x.grad().end());
  }
  void check(double wanted_y, const std::vector<double>& wanted_dx) const {
    check_numbers(ConstArray{&y, {}}, {wanted_y});
    check_numbers(ConstArray{dx.data(), {static_cast<int>(dx.size())}}, wanted_dx);
  }
  Real y;
  std::vector<Real> dx;
};

}

TEST_SUITE("statistics") {
  TEST_CASE("several axes are as one axis after the other, and as one axis of all their numbers") {
    Tape tape;
    std::vector<Real> numbers(2 * 3 * 4 * 2);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<Real>(1 + std::fmod(i * 0.7548, 1.0));
    Tensor x = constant({2, 3, 4, 2}, numbers);
    for (const auto& [key, reduce] : kNamedReductions) {
      const std::string name = key;
      CAPTURE(name);
      const auto check_same = [](Tensor a, Tensor b) {
        REQUIRE(a.shape() == b.shape());
        check_numbers(a, {b.value().begin(), b.value().end()}, 1e-5);
      };
      check_same(reduce(x, {1, 2}, false), reduce(reshape(x, {2, 12, 2}), 1, false));
      check_same(reduce(x, {-2, 1}, true), reshape(reduce(reshape(x, {2, 12, 2}), 1, false), {2, 1, 1, 2}));
      check_same(reduce(x, {0, 2}, false), reduce(reshape(permute(x, {1, 3, 0, 2}), {3, 2, 8}), 2, false));
      check_same(reduce(x, {3, 0}, true),
                 reshape(reduce(reshape(permute(x, {1, 2, 0, 3}), {3, 4, 4}), -1, false), {1, 3, 4, 1}));
      check_same(reduce(x, {}, false), reduce(reshape(x, {-1}), 0, false));
      CHECK(reduce(x, {}, true).shape() == Shape{1, 1, 1, 1});
      CHECK(reduce(full({0, 3}, 1), 1, false).shape() == Shape{0});
    }
    Tensor wide = constant({2, 40}, std::vector<Real>(80, 3));  // more columns than are taken at a time
    check_numbers(prod(wide, 0), std::vector<double>(40, 9));
    Tensor scalar = constant({}, {3});
    check_numbers(var(scalar, {}, 0), {0});
    check_numbers(norm(-scalar), {3});
    check_numbers(logsumexp(scalar), {3});
    check_numbers(amin(scalar), {3});
    for (const int axis : {0, -1}) {  // a scalar counts as one axis
      check_numbers(sum(scalar, axis), {3});
      check_numbers(max(scalar, axis, true), {3});
      CHECK(amax(scalar, {axis}, true).shape() == Shape{});
      CHECK(argmax(scalar, axis) == std::vector<int>{0});
    }
  }

  TEST_CASE("min, and the extrema of all numbers") {
    const Checking nothing(kCheckNothing);  // NaN on purpose
    Of({1, 3, 3, 2}, max).check(3, {0, 0.5, 0.5, 0});
    Of({1, 3, 1, 2}, min).check(1, {0.5, 0, 0.5, 0});
    Of({1, kNaN, 3}, [](Tensor x) { return amax(x); }).check(kNaN, {0, 1, 0});
    Of({1, kNaN, 3}, [](Tensor x) { return amin(x); }).check(kNaN, {0, 1, 0});
    Of({1, 0, 0}, [](Tensor x) { return min(x, 0); }).check(0, {0, 1, 0});
    Tape tape;
    Tensor x = constant({2, 3}, {4, 1, 1, 0, 2, 5});
    check_numbers(min(x, 0), {0, 1, 1});
    check_numbers(min(x, -1, true), {1, 0});
    CHECK(argmin(x) == std::vector<int>{1, 0});
    CHECK(argmin(x, 0) == std::vector<int>{1, 0, 0});
    CHECK(argmax(x, 0) == std::vector<int>{0, 1, 1});
    CHECK(argmax(x, -2) == argmax(x, 0));
  }

  TEST_CASE("the gradient of a product with zeros in it") {
    const auto product = [](Tensor x) { return prod(x); };
    Of({2, 3, 4}, product).check(24, {12, 8, 6});
    Of({2, 0, 4}, product).check(0, {0, 8, 0});
    Of({0, 0, 4}, product).check(0, {0, 0, 0});
    Of({Real(1e30), Real(1e30), Real(1e-30), Real(1e-30)}, product).check(1, {1e-30, 1e-30, 1e30, 1e30});
    Of({}, product).check(1, {});
  }

  TEST_CASE("variances far from 0, of equal numbers, and of too few") {
    const Checking nothing(kCheckNothing);  // NaN on purpose
    Of({1, 2, 4}, [](Tensor x) { return var(x); }).check(7.0 / 3, {-4.0 / 3, -1.0 / 3, 5.0 / 3});
    Of({1, 2, 4}, [](Tensor x) { return var(x, {}, 0); }).check(14.0 / 9, {-8.0 / 9, -2.0 / 9, 10.0 / 9});
    Of({5, 5, 5}, [](Tensor x) { return stddev(x); }).check(0, {0, 0, 0});
    Of({5}, [](Tensor x) { return var(x); }).check(kNaN, {kNaN});
    Of({5}, [](Tensor x) { return var(x, {}, 0); }).check(0, {0});
    Of({1000000, 1000001, 1000002}, [](Tensor x) { return stddev(x); }).check(1, {-0.5, 0, 0.5});
    Of({Real(1e30), Real(3e30)}, [](Tensor x) { return stddev(x, {}, 0); }).check(1e30, {-0.5, 0.5});
    Of({Real(1e-30), Real(3e-30)}, [](Tensor x) { return stddev(x, {}, 0) * Real(1e30); }).check(1, {-0.5e30, 0.5e30});
    Tape tape;
    CHECK_THROWS_WITH_AS(var(full({0}, 0)), "var: no numbers: x is (0); need at least one", Error);
    CHECK_THROWS_WITH_AS(stddev(full({0}, 0), 0),
                         "stddev: no numbers: axis 0 of x, which is (0), has length 0; need at least 1", Error);
  }

  TEST_CASE("norms: 0 has the gradient 0, and large and small numbers keep their digits") {
    const Checking nothing(kCheckNothing);  // NaN and infinities on purpose
    Of({3, -4, 0}, [](Tensor x) { return norm(x); }).check(5, {0.6, -0.8, 0});
    Of({Real(3e30), Real(-4e30)}, [](Tensor x) { return norm(x); }).check(5e30, {0.6, -0.8});
    Of({Real(3e-30), Real(-4e-30)}, [](Tensor x) { return norm(x) * Real(1e30); }).check(5, {0.6e30, -0.8e30});
    Of({Real(2e30), Real(-2e30)}, [](Tensor x) {
      return norm(x, 3);
    }).check(std::cbrt(2.0) * 2e30, {std::cbrt(2.0) / 2, -std::cbrt(2.0) / 2});
    for (const Real p : {Real(0), Real(0.5), Real(1), Real(1.5), Real(2), Real(3), Real(-1), kInfinity, -kInfinity}) {
      CAPTURE(p);
      Tape tape;
      Tensor x = variable({2}, {0, 0});
      Tensor y = norm(x, p);
      CHECK(y.item() == 0);
      tape.backward(y);
      check_numbers(x.grad(), {0, 0});
    }
    Of({0, 2, -2, 1}, [](Tensor x) { return norm(x, kInfinity); }).check(2, {0, 0.5, -0.5, 0});
    Of({3, 2, -2}, [](Tensor x) { return norm(x, -kInfinity); }).check(2, {0, 0.5, -0.5});
    Of({0, 2, -2, 1}, [](Tensor x) { return norm(x, 0); }).check(3, {0, 0, 0, 0});
    Of({0, 2, -2, 1}, [](Tensor x) { return norm(x, 1); }).check(5, {0, 1, -1, 1});
    Of({0, 2, -2, 1}, [](Tensor x) {
      return norm(x, Real(1.5));
    }).check(3.5387186276812526, {0, 0.7517821014438997, -0.7517821014438997, 0.5315902219056544});
    Of({Real(1e30), Real(1e-20)}, [](Tensor x) { return norm(x, Real(0.5)); }).check(1e30, {1, 1e25});
    CHECK(Of({1, kInfinity}, [](Tensor x) { return norm(x); }).y == kInfinity);
    CHECK(std::isnan(Of({1, kNaN}, [](Tensor x) { return norm(x); }).y));
    Of({}, [](Tensor x) { return norm(x); }).check(0, {});
  }

  TEST_CASE("logsumexp of large, equal and infinite numbers") {
    const Checking nothing(kCheckNothing);  // infinities on purpose
    const auto f = [](Tensor x) { return logsumexp(x); };
    Of({0, std::log(Real(3))}, f).check(std::log(4.0), {0.25, 0.75});
    Of({1000, 1000}, f).check(1000 + std::log(2.0), {0.5, 0.5});
    Of({Real(1e8), Real(1e8)}, f).check(1e8, {0.5, 0.5});
    Of({-kInfinity, 1}, f).check(1, {0, 1});
    Of({-kInfinity, -kInfinity}, f).check(-kInfinity, {0, 0});
    CHECK(Of({kInfinity, 1}, f).y == kInfinity);
    CHECK(std::isnan(Of({kNaN, 1}, f).y));
    Of({}, f).check(-kInfinity, {});
  }

  TEST_CASE("cumsum") {
    Tape tape;
    Tensor x = variable({2, 3}, {1, 2, 3, 4, 5, 6});
    check_numbers(cumsum(x, 1), {1, 3, 6, 4, 9, 15});
    check_numbers(cumsum(x, -2), {1, 2, 3, 5, 7, 9});
    tape.backward(cumsum(x, 1), std::vector<Real>{1, 10, 100, 1, 0, 0});
    check_numbers(x.grad(), {111, 110, 100, 1, 0, 0});
    CHECK(cumsum(full({0, 2}, 0), 0).shape() == Shape{0, 2});
    CHECK_THROWS_WITH_AS(cumsum(full({}, 1), 1), "cumsum: no axis 1 in ()", Error);
    check_numbers(cumsum(full({}, 3), 0), {3});
    constexpr int kMany = 1 << 20;
    Tensor ones = constant({kMany}, std::vector<Real>(kMany, Real(0.1)));
    CHECK(cumsum(ones, 0).value()[kMany - 1] == doctest::Approx(Real(0.1) * kMany).epsilon(1e-7));
  }

  TEST_CASE("softmax along any axis") {
    Tape tape;
    Tensor x = constant({2, 3}, {1, 2, 3, 4, 6, 8});
    check_numbers(softmax(x, 0), {1 / (1 + std::exp(3)), 1 / (1 + std::exp(4)), 1 / (1 + std::exp(5)),
                                  1 / (1 + std::exp(-3)), 1 / (1 + std::exp(-4)), 1 / (1 + std::exp(-5))});
    const Tensor last = softmax(x), same = softmax(x, -1),
                 log_last = log_softmax(transpose(log_softmax(transpose(x), 0)));
    check_numbers(same, {last.value().begin(), last.value().end()});
    check_numbers(exp(log_last), {last.value().begin(), last.value().end()}, 1e-5);
    CHECK_THROWS_AS(softmax(x, 2), Error);
    check_numbers(softmax(full({}, 3), 0), {1});
    check_numbers(log_softmax(full({}, 3), -1), {0});
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    const std::vector<int> axes[] = {{}, {0}, {1}, {2}, {0, 1}, {0, 2}, {-1, 1}};
    for (const auto& [name, reduce] : kNamedReductions) {
      for (const bool keep : {false, true}) {
        for (const std::vector<int>& list : axes) {
          gradcheck(name, {{2, 3, 2}}, [&, reduce = reduce](Tensor x) { return reduce(x, list, keep); });
        }
        gradcheck(name, {{2, 19}}, [&, reduce = reduce](Tensor x) { return reduce(x, 0, keep); });
      }
    }
    gradcheck("prod", {CheckInput::of({2, 3}, {0, 2, 3, 0, 0, 1})}, [](Tensor x) { return prod(x, 1); });
    for (const int axis : {0, 1, -1}) {
      gradcheck("min", {{2, 3, 2}}, [=](Tensor x) { return min(x, axis); });
      gradcheck("cumsum", {{2, 3, 2}}, [=](Tensor x) { return cumsum(x, axis); });
      gradcheck("softmax", {{2, 3, 2}}, [=](Tensor x) { return softmax(x, axis); });
      gradcheck("log_softmax", {{2, 3, 2}}, [=](Tensor x) { return log_softmax(x, axis); });
    }
  }
}
