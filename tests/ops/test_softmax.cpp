#include <doctest/doctest.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "ops/sparsemax.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

// softmax(ln 1, ln 2, ln 5) = (1/8, 2/8, 5/8)
const std::vector<Real> kLogs = {0, static_cast<Real>(std::log(2.0)), static_cast<Real>(std::log(5.0))};

/// The cross-entropy by its definition -1/n Σ_i Σ_j q[i, j] log softmax(x)[i, j], from other ops.
Tensor composed_cross_entropy(Tensor x, std::span<const int> targets, Real smoothing, int ignored) {
  const int V = x.dim(1);
  Tensor q = full(x.shape(), 0);
  int counted = 0;
  for (int i = 0; i < x.dim(0); ++i) {
    if (targets[i] == ignored) continue;
    ++counted;
    for (int j = 0; j < V; ++j) q.value()[i * V + j] = smoothing / V + (j == targets[i] ? 1 - smoothing : 0);
  }
  return sum(q * log_softmax(x)) / static_cast<Real>(-counted);
}

}

TEST_SUITE("softmax") {
  TEST_CASE("softmax and log_softmax") {
    Tape tape;
    Tensor x = constant({1, 3}, kLogs);
    check_numbers(softmax(x), {0.125, 0.25, 0.625});
    check_numbers(log_softmax(x), {std::log(0.125), std::log(0.25), std::log(0.625)});
    check_numbers(softmax(x + 500), {0.125, 0.25, 0.625}, 1e-4);
    check_numbers(softmax(constant({2, 1}, {3, -1000})), {1, 1});
    check_numbers(log_softmax(constant({2}, {1000, -1000})), {0, -2000});
    CHECK_THROWS_WITH_AS(softmax(full({}, 1)), "softmax: x is a scalar; need at least one axis", Error);
    CHECK_THROWS_WITH_AS(log_softmax(full({}, 1)), "log_softmax: x is a scalar; need at least one axis", Error);
  }

  TEST_CASE("masked numbers get no probability and no gradient, whatever they are") {
    Tape tape;
    Tensor x = variable({3, 3}, {kLogs[0], kNaN, kLogs[2], 7, 7, 7, kLogs[0], kLogs[1], kLogs[2]});
    Tensor mask = constant({3, 3}, {1, 0, 1, 0, 0, 0, 1, 1, 1});
    Tensor y = softmax(x, mask), z = log_softmax(x, mask);
    check_numbers(y, {1.0 / 6, 0, 5.0 / 6, 0, 0, 0, 0.125, 0.25, 0.625});
    check_numbers(z, {std::log(1.0 / 6), -kInfinity, std::log(5.0 / 6), -kInfinity, -kInfinity, -kInfinity,
                      std::log(0.125), std::log(0.25), std::log(0.625)});
    tape.backward(concat({y, z}, 0), std::vector<Real>{1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0});
    const double p = 1.0 / 6;  // dx = y (dy - Σ y dy) + dz - y Σ dz
    check_numbers(x.grad(), {p * (1 - p) + 1 - p, 0, -p * (1 - p) - (1 - p), 0, 0, 0, 0, 0, 0});
  }

  TEST_CASE("a mask broadcasts to x, not x to the mask") {
    Tape tape;
    Tensor x = constant({2, 3}, {kLogs[0], kLogs[1], kLogs[2], kLogs[0], kLogs[1], kLogs[2]});
    check_numbers(softmax(x, constant({3}, {0, 1, 1})), {0, 2.0 / 7, 5.0 / 7, 0, 2.0 / 7, 5.0 / 7});
    check_numbers(softmax(x, constant({2, 1}, {0, 1})), {0, 0, 0, 0.125, 0.25, 0.625});
    CHECK_THROWS_WITH_AS(softmax(x, full({2, 2, 3}, 1)),
                         "softmax: mask does not fit: x is (2, 3), mask is (2, 2, 3); need a mask that broadcasts to x",
                         Error);
    CHECK_THROWS_WITH_AS(
        log_softmax(x, full({4}, 1)),
        "log_softmax: shapes do not broadcast: a is (2, 3), b is (4); need equal lengths or 1 on axis -1", Error);
  }

  TEST_CASE("a mask that wants a gradient is refused") {
    Tape tape;
    const Tensor x = full({2}, 1), mask = variable({2}, {1, 0});
    CHECK_THROWS_WITH_AS(softmax(x, mask),
                         "softmax: the mask needs a gradient (it was made by variable), and gets none", Error);
    CHECK_THROWS_WITH_AS(log_softmax(x, mask),
                         "log_softmax: the mask needs a gradient (it was made by variable), and gets none", Error);
    CHECK_THROWS_WITH_AS(sparsemax(x, mask),
                         "sparsemax: the mask needs a gradient (it was made by variable), and gets none", Error);
  }

  TEST_CASE("lengths mask the end of each row") {
    Tape tape;
    Tensor x = variable({3, 3}, {kLogs[0], kLogs[1], kLogs[2], kLogs[1], kLogs[2], kNaN, kNaN, kNaN, kNaN});
    const std::vector<int> lengths = {3, 2, 0, 9};
    Tensor y = softmax(x, lengths);
    check_numbers(y, {0.125, 0.25, 0.625, 2.0 / 7, 5.0 / 7, 0, 0, 0, 0});
    tape.backward(y, std::vector<Real>{0, 0, 0, 1, 0, 1, 1, 1, 1});
    check_numbers(x.grad(), {0, 0, 0, 10.0 / 49, -10.0 / 49, 0, 0, 0, 0});
    CHECK_THROWS_WITH_AS(softmax(x, std::vector<int>{1, 4, 1}),
                         "softmax: bad length: lengths[1] is 4, x is (3, 3); need 0 <= length <= 3", Error);
    CHECK_THROWS_WITH_AS(softmax(x, std::vector<int>{1, 2}),
                         "softmax: lengths do not fit: x is (3, 3), lengths has 2; need x (N, n) and N lengths or more",
                         Error);
  }

  TEST_CASE("cross_entropy") {
    Tape tape;
    const std::vector<int> targets = {2, -100, 0};
    Tensor x = variable({3, 3}, {kLogs[0], kLogs[1], kLogs[2], kNaN, 1, 2, kLogs[2], kLogs[1], kLogs[0]});
    check_numbers(cross_entropy(x, targets), {-std::log(0.625)});
    check_numbers(cross_entropy(x, targets, {.divisor = 10}), {-std::log(0.625) / 5});
    const double uniform = -(std::log(0.125) + std::log(0.25) + std::log(0.625)) / 3;
    check_numbers(cross_entropy(x, targets, {.label_smoothing = Real(0.1)}), {-0.9 * std::log(0.625) + 0.1 * uniform});
    check_numbers(cross_entropy(x, std::vector<int>{-100, -100, -100}), {0});
    Tensor first_only = cross_entropy(x, std::vector<int>{2, 7, 7}, {.label_smoothing = Real(0.3), .ignored = 7});
    tape.backward(first_only);
    check_numbers(x.grad(), {0.025, 0.15, -0.175, 0, 0, 0, 0, 0, 0});  // softmax - 0.7 one-hot - 0.1
  }

  TEST_CASE("logits of -inf are allowed where they are not the target") {
    Tape tape;
    Tensor x = variable({1, 3}, {static_cast<Real>(-kInfinity), 0, 0});
    Tensor loss = cross_entropy(x, std::vector<int>{1});
    check_numbers(loss, {std::log(2.0)});
    tape.backward(loss);
    check_numbers(x.grad(), {0, -0.5, 0.5});
  }

  TEST_CASE("mistakes in targets and options are named") {
    Tape tape;
    Tensor x = full({2, 3}, 0);
    CHECK_THROWS_WITH_AS(cross_entropy(x, std::vector<int>{1}),
                         "cross_entropy: rows do not fit: logits is (2, 3), targets has 1; need logits (N, V) and N "
                         "targets",
                         Error);
    CHECK_THROWS_WITH_AS(cross_entropy(x, std::vector<int>{1, 3}),
                         "cross_entropy: no such class: targets[1] is 3; need 0 <= target < 3, or -100 to ignore it",
                         Error);
    const std::vector<int> targets = {0, 1};
    CHECK_THROWS_WITH_AS(cross_entropy(x, targets, {.label_smoothing = 2}),
                         "cross_entropy: bad label_smoothing: 2; need 0 to 1", Error);
    CHECK_THROWS_WITH_AS(cross_entropy(x, targets, {.divisor = -1}), "cross_entropy: bad divisor: -1; need 0 or more",
                         Error);
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    for (const Shape& shape : {Shape{1}, Shape{5}, Shape{3, 4}, Shape{2, 1, 3}, Shape{2, 0}}) {
      gradcheck("softmax", {shape}, [](Tensor x) { return softmax(x); });
      gradcheck("log_softmax", {shape}, [](Tensor x) { return log_softmax(x); });
    }
    const std::vector<Real> masks[] = {{1, 1, 1, 1, 1, 1}, {1, 0, 1, 0, 1, 1}, {0, 0, 1, 0, 0, 0}, {0, 0, 0, 0, 0, 0}};
    for (const auto& mask : masks) {
      gradcheck("softmax", {{2, 3}}, [&](Tensor x) { return softmax(x, constant({2, 3}, mask)); });
      gradcheck("log_softmax", {{2, 3}}, [&](Tensor x) {
        const Tensor m = constant({2, 3}, mask);
        return clamp(log_softmax(x, m), -100, 0);  // no numeric difference of -inf
      });
    }
    gradcheck("softmax", {{2, 2, 3}}, [&](Tensor x) { return softmax(x, constant({2, 1, 3}, masks[1])); });
    for (const auto& lengths : {std::vector{3, 3}, std::vector{1, 2}, std::vector{2, 0, 5}}) {
      gradcheck("softmax", {{2, 3}}, [&](Tensor x) { return softmax(x, lengths); });
    }

    const std::vector<int> targets = {2, 0, 1, -1};
    for (const Real smoothing : {Real(0), Real(0.1), Real(1)}) {
      const CrossEntropyOptions options{.label_smoothing = smoothing, .ignored = -1};
      const auto loss = [&](Tensor x) { return cross_entropy(x, std::span(targets).first(x.dim(0)), options); };
      gradcheck("cross_entropy", {{4, 3}}, loss);
      gradcheck("cross_entropy", {{1, 7}}, loss);
      gradcheck("cross_entropy", {{0, 3}}, loss);
      gradcheck("cross_entropy", {{1, 1}}, [&](Tensor x) { return cross_entropy(x, std::vector{0}, options); });
      gradcheck("composed", {{4, 3}}, [&](Tensor x) {  // the difference of the two is zero, and so is its gradient
        return cross_entropy(x, targets, options) - composed_cross_entropy(x, targets, smoothing, -1);
      });
      Tape tape;
      Tensor x = variable({4, 3}, {1, 2, 3, -1, 0, 2, 0.5, 0.25, 0, 9, 9, 9});
      Tensor difference = cross_entropy(x, targets, options) - composed_cross_entropy(x, targets, smoothing, -1);
      tape.backward(difference);
      check_numbers(difference, {0}, 1e-12);
      check_numbers(x.grad(), std::vector<double>(12, 0), 1e-12);
    }
    Leaf leaf("leaf", {4, 3});
    for (std::size_t i = 0; i < leaf.size(); ++i) leaf.value()[i] = static_cast<Real>(0.3 * i);
    gradcheck("cross_entropy", {}, [&] { return cross_entropy(leaf, targets, {.ignored = -1}); }, {&leaf});
  }
}
