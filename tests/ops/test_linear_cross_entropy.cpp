#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "ops/cross_entropy.h"
#include "ops/fused/linear.h"
#include "ops/fused/linear_cross_entropy.h"
#include "tests/reference/twins.h"

using namespace gradus;

namespace {

struct LossCase {
  int N, K, V;
  CrossEntropyOptions options;
};
const std::vector<LossCase> kLossCases = {
    {1, 1, 1, {}},
    {3, 2, 5, {}},
    {7, 3, 4, {.label_smoothing = Real(0.1)}},
    {5, 40, 37, {.label_smoothing = Real(0.3), .divisor = 11}},
    {300, 2, 3, {.label_smoothing = Real(0.1)}},  // several blocks of rows
};

/// Every third target is the ignored one, but for the first.
std::vector<int> targets(const LossCase& c) {
  std::vector<int> result;
  for (int i = 0; i < c.N; ++i) result.push_back(i % 3 == 1 ? c.options.ignored : (7 * i + 3) % c.V);
  return result;
}

auto fused(const LossCase& c) {
  return [=](Tensor x, Tensor w, Tensor b) { return linear_cross_entropy(x, w, b, targets(c), c.options); };
}
auto composed(const LossCase& c) {
  return [=](Tensor x, Tensor w, Tensor b) { return cross_entropy(linear(x, w, b), targets(c), c.options); };
}

}

TEST_CASE("linear_cross_entropy agrees with cross_entropy of linear") {
  for (const LossCase& c : kLossCases) {
    CAPTURE(c.N);
    check_twins({{c.N, c.K}, {c.V, c.K}, {c.V}}, fused(c), composed(c));
    check_twins(
        {{c.N, c.K}, {c.V, c.K}}, [&](Tensor x, Tensor w) { return fused(c)(x, w, {}); },
        [&](Tensor x, Tensor w) { return composed(c)(x, w, {}); });
  }
}

TEST_CASE("both tell the loss of each row") {
  for (const LossCase& c : kLossCases) {
    CAPTURE(c.N);
    std::vector<Real> of_fused(c.N, 7), of_composed(c.N, 7);
    const Tape tape;
    const Tensor x = constant({c.N, c.K}, some_numbers(c.N * c.K, 1)), b = constant({c.V}, some_numbers(c.V, 3));
    const Tensor w = constant({c.V, c.K}, some_numbers(c.V * c.K, 2));
    CrossEntropyOptions options = c.options;
    options.row_losses = of_fused;
    const Tensor loss = linear_cross_entropy(x, w, b, targets(c), options);
    options.row_losses = of_composed;
    cross_entropy(linear(x, w, b), targets(c), options);
    double sum = 0, counted = 0;
    for (int i = 0; i < c.N; ++i) {
      CHECK(of_fused[i] == doctest::Approx(of_composed[i]).epsilon(1e-4));
      const bool ignored = targets(c)[i] == c.options.ignored;
      if (ignored) CHECK(of_fused[i] == 0);
      sum += double(of_fused[i]);
      counted += ignored ? 0 : 1;
    }
    const double divisor = c.options.divisor != 0 ? double(c.options.divisor) : counted;
    CHECK(sum / divisor == doctest::Approx(loss.value()[0]).epsilon(1e-5));
  }
  const Tape tape;
  std::vector<Real> too_few(1);
  CHECK_THROWS_WITH_AS(cross_entropy(full({2, 3}, 0), std::vector{0, 1}, {.row_losses = too_few}),
                       "cross_entropy: row_losses has 1, targets has 2; need as many", Error);
}

TEST_CASE("linear_cross_entropy passes on an upstream gradient, and adds to what is there") {
  const LossCase c{4, 3, 5, {}};
  const auto used_twice = [&](auto op) {
    return [=](Tensor x, Tensor w, Tensor b) { return 3 * op(x, w, b) + sum(square(x)) + op(2 * x, w, b); };
  };
  check_twins({{c.N, c.K}, {c.V, c.K}, {c.V}}, used_twice(fused(c)), used_twice(composed(c)));
}

TEST_CASE("linear_cross_entropy: the weight's gradient keeps its digits over many rows") {
  Tape tape;
  constexpr int kMany = 1 << 18;
  const Tensor x = full({kMany, 1}, Real(0.1)), weight = variable({2, 1}, {0, 0});
  tape.backward(linear_cross_entropy(x, weight, {}, std::vector<int>(kMany)));  // whose softmax is (1/2, 1/2)
  CHECK(weight.grad()[0] == doctest::Approx(-0.05).epsilon(2e-6));
  CHECK(weight.grad()[1] == doctest::Approx(0.05).epsilon(2e-6));
}

TEST_CASE("gradcheck of linear_cross_entropy") {
  for (const LossCase& c : kLossCases) {
    if (c.N > 100) continue;
    gradcheck("linear_cross_entropy", {{c.N, c.K}, {c.V, c.K}, {c.V}}, fused(c));
  }
}

TEST_CASE("linear_cross_entropy: ignored rows count for nothing, whatever they hold") {
  const LossCase c{5, 3, 4, {.label_smoothing = Real(0.1)}};
  std::vector<Real> gradients[2];
  for (bool poisoned : {false, true}) {
    Tape tape;
    Tensor x = variable({c.N, c.K}, some_numbers(c.N * c.K, 0));
    const Tensor w = variable({c.V, c.K}, some_numbers(c.V * c.K, 1));
    for (int i = 1; poisoned && i < c.N; i += 3) {
      std::fill_n(x.value().data + i * c.K, c.K, std::numeric_limits<Real>::quiet_NaN());
    }
    tape.backward(linear_cross_entropy(x, w, {}, targets(c), c.options));
    for (const Tensor& input : {x, w}) {
      gradients[poisoned].insert(gradients[poisoned].end(), input.grad().begin(), input.grad().end());
    }
    for (int k = 0; k < c.K; ++k) CHECK(x.grad()[c.K + k] == 0);
  }
  CHECK(gradients[0] == gradients[1]);
}

TEST_CASE("linear_cross_entropy with nothing to count is 0") {
  Tape tape;
  const Tensor x = variable({2, 3}, some_numbers(6, 0)), w = variable({4, 3}, some_numbers(12, 1));
  const Tensor loss = linear_cross_entropy(x, w, {}, std::vector{-100, -100});
  CHECK(loss.item() == 0);
  tape.backward(loss);
  CHECK(std::ranges::all_of(w.grad(), [](Real g) { return g == 0; }));
}

TEST_CASE("linear_cross_entropy is finite for large logits") {
  Tape tape;
  const Tensor x = variable({2, 1}, {1, -1}), w = variable({3, 1}, {1000, -1000, 0});
  const Tensor loss = linear_cross_entropy(x, w, {}, std::vector{0, 0});
  CHECK(loss.item() == doctest::Approx(1000));
  tape.backward(loss);
  CHECK(x.grad()[0] == doctest::Approx(0));
  CHECK(x.grad()[1] == doctest::Approx(-1000));
}

TEST_CASE("linear_cross_entropy names what does not fit") {
  Tape tape;
  const Tensor x = full({2, 3}, 0), w = full({4, 3}, 0);
  CHECK_THROWS_WITH_AS(linear_cross_entropy(w, full({4, 2}, 0), {}, std::vector{0, 0}),
                       "linear_cross_entropy: sizes differ: x is (4, 3), weight is (4, 2); need (N, K) and (V, K)",
                       Error);
  CHECK_THROWS_WITH_AS(linear_cross_entropy(x, w, full({3}, 0), std::vector{0, 0}),
                       "linear_cross_entropy: bias does not fit: bias is (3), weight is (4, 3); need bias (4)", Error);
  CHECK_THROWS_WITH_AS(linear_cross_entropy(x, w, {}, std::vector{0}),
                       "linear_cross_entropy: rows do not fit: x is (2, 3), targets has 1; need x (N, K) and N targets",
                       Error);
  CHECK_THROWS_WITH_AS(linear_cross_entropy(x, w, {}, std::vector{0, 4}),
                       "linear_cross_entropy: no such class: targets[1] is 4; need 0 <= target < 4, or -100 to ignore "
                       "it",
                       Error);
  CHECK_THROWS_WITH_AS(linear_cross_entropy(x, w, {}, std::vector{0, 0}, {.label_smoothing = 2}),
                       "linear_cross_entropy: bad label_smoothing: 2; need 0 to 1", Error);
}

namespace {

/// Rows 2i and 2i + 1 have one target; every third one is ignored.
std::vector<int> targets_twice(const LossCase& c) {
  std::vector<int> result;
  for (const int target : targets(c)) result.insert(result.end(), 2, target);
  return result;
}

auto r_drop(const LossCase& c, Real alpha) {
  return [=](Tensor x, Tensor w, Tensor b) { return linear_r_drop(x, w, b, targets_twice(c), alpha, c.options); };
}

}

TEST_CASE("linear_r_drop agrees with its twin, and without a weight it is linear_cross_entropy") {
  for (const LossCase& c : kLossCases) {
    CAPTURE(c.N);
    const std::vector<Shape> shapes{{2 * c.N, c.K}, {c.V, c.K}, {c.V}};
    for (const Real alpha : {Real(0.5), Real(5)}) {
      check_twins(shapes, r_drop(c, alpha), [&](Tensor x, Tensor w, Tensor b) {
        return unfused::linear_r_drop(x, w, b, targets_twice(c), alpha, c.options);
      });
    }
    check_twins(shapes, r_drop(c, 0), [&](Tensor x, Tensor w, Tensor b) {
      return linear_cross_entropy(x, w, b, targets_twice(c), c.options);
    });
  }
}

TEST_CASE("gradcheck of linear_r_drop") {
  for (const LossCase& c : kLossCases) {
    if (c.N < 100) gradcheck("linear_r_drop", {{2 * c.N, c.K}, {c.V, c.K}, {c.V}}, r_drop(c, 3));
  }
}

TEST_CASE("linear_r_drop: the equations by hand, and nothing between equal passes") {
  const Tape tape;
  const Tensor x = constant({2, 1}, {0, std::log(Real(3))});
  // P_1 = (1/2, 1/2) and P_2 = (3/4, 1/4): class 0 has the logit x
  const Tensor weight = constant({2, 1}, {1, 0});
  std::vector<Real> rows(2);
  const double found = linear_r_drop(x, weight, {}, std::vector{0, 0}, 5, {.divisor = 1, .row_losses = rows}).item();
  const double kl_12 = 0.5 * std::log(2.0 / 3) + 0.5 * std::log(2.0),
               kl_21 = 0.75 * std::log(1.5) - 0.25 * std::log(2.0);
  CHECK(found == doctest::Approx(std::log(2.0) + std::log(4.0 / 3) + 5 * (kl_12 + kl_21) / 2).epsilon(1e-6));
  CHECK(rows[0] == doctest::Approx(std::log(2.0)).epsilon(1e-6));
  CHECK(rows[1] == doctest::Approx(std::log(4.0 / 3)).epsilon(1e-6));
  const Tensor equal = constant({2, 1}, {Real(0.3), Real(0.3)});
  CHECK(linear_r_drop(equal, weight, {}, std::vector{0, 0}, 5).item() ==
        linear_cross_entropy(equal, weight, {}, std::vector{0, 0}).item());
}

TEST_CASE("linear_r_drop: a masked class is masked in both passes") {
  Tape tape;
  const Tensor x = variable({2, 1}, {1, 2}), w = variable({3, 1}, {1, -1, 0});
  const Tensor bias = constant({3}, {0, 0, -std::numeric_limits<Real>::infinity()});
  const Tensor loss = linear_r_drop(x, w, bias, std::vector{0, 0}, 1);
  CHECK(std::isfinite(loss.item()));
  tape.backward(loss);
  CHECK(std::ranges::all_of(w.grad(), [](Real g) { return std::isfinite(g); }));
  CHECK(w.grad()[2] == 0);
}

TEST_CASE("linear_r_drop names what does not fit") {
  const Tape tape;
  const Tensor x = full({2, 3}, 0), w = full({4, 3}, 0);
  CHECK_THROWS_WITH_AS(linear_r_drop(x, w, {}, std::vector{0, 1}, 1),
                       "linear_r_drop: targets[0] is 0, targets[1] is 1; need the same word twice", Error);
  CHECK_THROWS_WITH_AS(linear_r_drop(full({1, 3}, 0), w, {}, std::vector{0}, 1),
                       "linear_r_drop: targets has 1; need two of each word", Error);
  CHECK_THROWS_WITH_AS(linear_r_drop(x, w, {}, std::vector{0, 0}, -1), "linear_r_drop: bad alpha: -1; need 0 or more",
                       Error);
  CHECK_THROWS_WITH_AS(linear_r_drop(x, full({4, 2}, 0), {}, std::vector{0, 0}, 1),
                       "linear_r_drop: sizes differ: x is (2, 3), weight is (4, 2); need (N, K) and (V, K)", Error);
}
