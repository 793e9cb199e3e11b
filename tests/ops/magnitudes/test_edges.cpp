#include <doctest/doctest.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/fused/attention.h"
#include "ops/fused/linear.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/fused/recurrent.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/norm.h"
#include "ops/reduce.h"
#include "ops/sequence/embedding.h"
#include "ops/softmax.h"
#include "ops/sparsemax.h"
#include "tests/support/numbers.h"

// Ops at numbers that are very large, very small, infinite or NaN, and sums of very many. test_magnitudes.cpp compares
// float with double at random ones.

using namespace gradus;

namespace {

/// The gradient of f at the numbers given, for the cotangent dy.
std::vector<double> gradient(std::vector<Real> numbers, Real dy, Tensor (*f)(Tensor)) {
  Tape tape;
  const Tensor x = variable({static_cast<int>(numbers.size())}, numbers);
  tape.backward(f(x), std::vector<Real>(numbers.size(), dy));
  return {x.grad().begin(), x.grad().end()};
}

void check_all(const std::vector<double>& got, const std::vector<double>& wanted, double tolerance = 1e-5) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CAPTURE(got[i]);
    CAPTURE(wanted[i]);
    if (std::isnan(wanted[i])) {
      CHECK(std::isnan(got[i]));
    } else if (got[i] != wanted[i]) {
      CHECK(std::abs(got[i] - wanted[i]) <= tolerance * std::abs(wanted[i]));
    }
  }
}

void check_all(const ConstArray& got, const std::vector<double>& wanted, double tolerance = 1e-5) {
  check_all(std::vector<double>(got.begin(), got.end()), wanted, tolerance);
}

}

TEST_SUITE("edges") {
  TEST_CASE("the gradient of a quotient needs no square of the divisor") {
    for (const double b : {1e20, 1e-30, 1e30, 1e-20}) {
      for (const double dy : {1.0, 1e-20, 1e20}) {
        if (dy / b > 1e38 || dy / b < 1e-38) continue;
        Tape tape;
        const Tensor x = variable({1}, static_cast<Real>(b)), y = variable({1}, static_cast<Real>(b));
        tape.backward(x / y, static_cast<Real>(dy));
        check_all(x.grad(), {dy / b});
        check_all(y.grad(), {-dy / b});
      }
    }
  }

  TEST_CASE("a tensor by a number is a quotient, not a product with a reciprocal") {
    Tape tape;
    for (int n = 1; n < 200; ++n) CHECK(sum(full({1}, Real(n)) / Real(n)).item() == 1);
    const Real tiny = sizeof(Real) == 4 ? Real(1e-40) : Real(1e-310);
    check_all((constant({2}, {0, tiny}) / tiny).value(), {0, 1});
    const Tensor x = variable({2}, {0, tiny});
    tape.backward(x / Real(1e-30), {Real(1e-20), Real(1)});
    check_all(x.grad(), {1e10, 1e30});
    Tape another;
    check_all(mean(full({41}, 7)).value(), {7}, 0);
    check_all(mean(full({3, 41}, 7), 1).value(), {7, 7, 7}, 0);
  }

  TEST_CASE("derivatives that are too large or too small for a number by themselves") {
    const Checking infinite_ones_are_meant({.finite = false});
    check_all(gradient({Real(1e-20), Real(1e20)}, Real(1e-10), [](Tensor x) { return pow(x, -1); }),
              {-1e30, -1e-10 * 1e-40}, sizeof(Real) == 4 ? 2 : 1e-12);
    check_all(gradient({Real(1e-20)}, Real(1e-20), [](Tensor x) { return pow(x, -1); }), {-1e20});
    check_all(gradient({-2, 2, 0}, 1, [](Tensor x) { return pow(x, 3); }), {12, 12, 0});
    check_all(gradient({-2, 0, 5}, 1, [](Tensor x) { return pow(x, 1); }), {1, 1, 1});
    check_all(gradient({0, 4, kInfinity}, 1, [](Tensor x) { return sqrt(x); }), {kInfinity, 0.25, 0});
    check_all(gradient({Real(1e-30), Real(1e30)}, 1, [](Tensor x) { return sqrt(x); }), {0.5e15, 0.5e-15});
    check_all(gradient({Real(1e-30), Real(1e30)}, 1, [](Tensor x) { return log(x); }), {1e30, 1e-30});
    Tape tape;
    check_all(pow(constant({3}, {Real(1e-20), Real(1e20), -4}), -1).value(), {1e20, 1e-20, -0.25});
  }

  TEST_CASE("gradients through tanh keep their digits where it saturates") {
    for (const double x : {0.5, 5.0, 7.0, 9.0, 12.0}) {
      CAPTURE(x);
      const std::vector<double> slope = {std::pow(std::cosh(x), -2)};
      check_all(gradient({static_cast<Real>(-x)}, 1, tanh), slope);
      check_all(gradient({static_cast<Real>(x)}, 1,
                         [](Tensor x) {
                           static const int lengths[] = {1};
                           const Tensor keys = constant({1, 1}, {0}), v = constant({1}, {1});
                           return reshape(additive_scores(reshape(x, {1, 1}), keys, v, padded_rows(lengths, 1)), {1});
                         }),
                slope);
      check_all(gradient({static_cast<Real>(x)}, 1,
                         [](Tensor x) {  // o = f = 1, i = 0
                           const Tensor gates = constant({1, 4}, {-100, 100, 0, 100});
                           return reshape(lstm_cell(gates, {}, reshape(x, {1, 1})).hidden, {1});
                         }),
                slope);
    }
  }

  TEST_CASE("gelu far from 0") {
    const auto exact = [](double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); };
    const auto slope = [](double x) {
      return 0.5 * std::erfc(-x / std::sqrt(2.0)) + x * std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0));
    };
    Tape tape;
    const std::vector<Real> numbers = {-12, -9, Real(-5.5), -3, -1, 0, 1, Real(5.5), 12};
    std::vector<double> values, slopes;
    for (const Real x : numbers) {
      values.push_back(exact(x));
      slopes.push_back(slope(x));
    }
    check_all(gelu(constant({9}, numbers)).value(), values);
    check_all(gradient(numbers, 1, gelu), slopes, 2e-5);
    const std::vector<Real> far = {-kInfinity, Real(-1e30), -100, 100, Real(1e30), kInfinity, kNaN};
    const Checking nothing(kCheckNothing);
    for (Tensor (*const op)(Tensor) : {gelu, gelu_tanh}) {
      check_all(op(constant({7}, far)).value(), {0, 0, 0, 100, static_cast<Real>(1e30), kInfinity, kNaN});
      check_all(gradient(far, 1, op), {0, 0, 0, 1, 1, 1, kNaN});
    }
  }

  TEST_CASE("the gradients of tanh and sigmoid where their value rounds to 1") {
    const std::vector<Real> numbers = {-12, -8, 8, 9, 12, 17, 30};
    std::vector<double> of_tanh, of_sigmoid;
    for (const Real x : numbers) {
      of_tanh.push_back(1 / std::pow(std::cosh(static_cast<double>(x)), 2));
      of_sigmoid.push_back(0.25 / std::pow(std::cosh(static_cast<double>(x) / 2), 2));
    }
    check_all(gradient(numbers, 1, tanh), of_tanh);
    check_all(gradient(numbers, 1, sigmoid), of_sigmoid);
    check_all(gradient({-kInfinity, kInfinity}, 1, tanh), {0, 0});
    check_all(gradient({-kInfinity, kInfinity}, 1, sigmoid), {0, 0});
  }

  TEST_CASE("softmax, its logarithm and cross-entropy of large numbers") {
    for (const Real big : {Real(1e6), Real(1e8), Real(-1e8), Real(1e30)}) {
      CAPTURE(big);
      Tape tape;
      const Tensor x = full({2, 3}, big);
      const double third = 1.0 / 3, log3 = std::log(3.0);
      check_all(softmax(x).value(), std::vector<double>(6, third));
      check_all(log_softmax(x).value(), std::vector<double>(6, -log3));
      check_all(sparsemax(x).value(), std::vector<double>(6, third));
      check_all(log_softmax(full({2}, big)).value(), std::vector<double>(2, -std::log(2.0)));
      for (const Real smoothing : {Real(0), Real(0.1), Real(1)}) {
        const CrossEntropyOptions options{.label_smoothing = smoothing};
        check_all(cross_entropy(x, std::vector{0, 2}, options).value(), {log3});
        const Tensor one = full({2, 1}, 1), weight = full({3, 1}, big), bias = full({3}, 0);
        check_all(linear_cross_entropy(one, weight, bias, std::vector{0, 2}, options).value(), {log3});
        check_all(unfused::linear_cross_entropy(one, weight, bias, std::vector{0, 2}, options).value(), {log3});
        Tape inner;
        const Tensor again = variable({1, 3}, {big, big, big});
        inner.backward(cross_entropy(again, std::vector{1}, options));
        const double q = smoothing / 3;
        check_numbers(again.grad(), {third - q, third - q - (1 - smoothing), third - q}, 1e-5);
      }
    }
  }

  TEST_CASE("a row of -inf only: zeros, in logarithms -inf, as a loss +inf, and no gradient") {
    const Checking nothing(kCheckNothing);
    Tape tape;
    const Tensor x = variable({2, 3}, {-kInfinity, -kInfinity, -kInfinity, 0, 0, 0});
    const Tensor ones = full({2, 3}, 1);
    const double third = 1.0 / 3, log_third = -std::log(3.0);
    const std::vector<int> lengths = {3, 3}, targets = {1, 1};
    const std::vector<double> weights = {0, 0, 0, third, third, third};
    const std::vector<double> logs = {-kInfinity, -kInfinity, -kInfinity, log_third, log_third, log_third};
    for (const Tensor& y : {softmax(x), softmax(x, ones), softmax(x, lengths), sparsemax(x), sparsemax(x, ones)}) {
      check_all(y.value(), weights);
    }
    check_all(log_softmax(x).value(), logs);
    check_all(log_softmax(x, ones).value(), logs);
    std::vector<Real> losses(2);
    const Tensor loss = cross_entropy(x, targets, {.row_losses = losses});
    CHECK(loss.item() == kInfinity);
    CHECK(losses[0] == kInfinity);
    CHECK(losses[1] == doctest::Approx(-log_third));
    CHECK(cross_entropy(x, targets, {.label_smoothing = Real(0.1)}).item() == kInfinity);
    tape.backward(concat({reshape(softmax(x), {6}), reshape(softmax(x, lengths), {6}), reshape(log_softmax(x), {6}),
                          reshape(loss, {1})},
                         0),
                  std::vector<Real>(19, 1));
    const double half = 0.5;
    check_numbers(x.grad(), {0, 0, 0, half * third, half * (third - 1), half * third}, 1e-5);

    Tape another;  // logits x Wᵀ + b that are all -inf
    const Tensor one = variable({1, 1}, {1}), w = variable({3, 1}, {0, 0, 0});
    const Tensor bias = variable({3}, {-kInfinity, -kInfinity, -kInfinity});
    const Tensor fused = linear_cross_entropy(one, w, bias, std::vector{1});
    CHECK(fused.item() == kInfinity);
    another.backward(fused);
    check_all(bias.grad(), {0, 0, 0});
  }

  TEST_CASE("numbers that are -inf keep their 0 beside NaN and +inf; the others become NaN") {
    const Checking nothing(kCheckNothing);
    for (const Real bad : {kNaN, kInfinity}) {
      Tape tape;
      const Tensor x = variable({1, 4}, {1, bad, -kInfinity, 5});
      const Tensor mask = constant({4}, {1, 1, 1, 0});
      const Tensor y = softmax(x, mask), z = log_softmax(x, mask), s = sparsemax(x, mask);
      check_all(y.value(), {kNaN, kNaN, 0, 0});
      check_all(z.value(), {kNaN, kNaN, -kInfinity, -kInfinity});
      check_all(s.value(), {kNaN, kNaN, 0, 0});
      check_all(softmax(x).value(), {kNaN, kNaN, 0, kNaN});
      check_all(softmax(x, std::vector{3}).value(), {kNaN, kNaN, 0, 0});
      CHECK(std::isnan(cross_entropy(x, std::vector{0}).item()));
      tape.backward(concat({y, z, s}, 0), std::vector<Real>(12, 1));
      CHECK(std::isnan(x.grad()[0]));
      CHECK(x.grad()[2] == 0);
      CHECK(x.grad()[3] == 0);
    }
    Tape tape;  // nor does a gradient that is no number reach what is masked
    const Tensor x = variable({1, 3}, {1, 2, 3}), mask = constant({3}, {1, 1, 0});
    tape.backward(concat({softmax(x, mask), log_softmax(x, mask), sparsemax(x, mask)}, 0),
                  std::vector<Real>{1, 2, kNaN, 0, 1, kInfinity, 0, 0, kNaN});
    CHECK(std::isfinite(x.grad()[0]));
    CHECK(x.grad()[2] == 0);
  }

  TEST_CASE("layer_norm of very large and very small numbers") {
    for (const Real size : {Real(1e20), Real(1e-25), Real(1e30), Real(1e-30), Real(1e37)}) {
      CAPTURE(size);
      Tape tape;
      const Tensor x = variable({1, 4}, {1 * size, 3 * size, 5 * size, 7 * size});
      const Tensor weight = full({4}, 1), bias = full({4}, 0);
      const Tensor y = layer_norm(x, weight, bias, 0);
      const double s = std::sqrt(5.0);
      check_all(y.value(), {-3 / s, -1 / s, 1 / s, 3 / s});
      tape.backward(y, {1, 0, 0, 0});  // (e - 1/4 - x̂ x̂_0 / 4) / σ
      const double sigma = s * static_cast<double>(size), p = -3 / s / 4;
      if (sigma > 1e-37 && sigma < 1e36) {
        check_numbers(
            x.grad(),
            {(0.75 + 3 / s * p) / sigma, (-0.25 + p / s) / sigma, (-0.25 - p / s) / sigma, (-0.25 - 3 / s * p) / sigma},
            1e-4);
      }
    }
  }

  // 2^24 + 2^20 ones: the first that single precision cannot count one by one.
  TEST_CASE("sums of very many numbers") {
    constexpr int kMany = (1 << 24) + (1 << 20);
    {
      Tape tape;
      const Tensor ones = full({kMany, 1}, 1);
      CHECK(sum(ones).item() == kMany);
      CHECK(sum(ones, 0).value()[0] == kMany);
      CHECK(mean(full({1000000, 2}, Real(0.1)), 0).value()[1] == doctest::Approx(0.1).epsilon(1e-6));
      CHECK(mean(full({1000000}, Real(0.1))).item() == doctest::Approx(0.1).epsilon(1e-6));
      CHECK(mean(full({1, 1000000, 2}, Real(0.1)), 1).value()[1] == doctest::Approx(0.1).epsilon(1e-6));
      CHECK(matmul(transpose(ones, 0, 1), ones).item() == kMany);
      const Tensor tenth = full({3000000, 2}, Real(0.1));
      check_all(matmul(transpose(tenth, 0, 1), tenth).value(), std::vector<double>(4, 30000), 1e-5);
    }
    {
      Tape tape;
      const Tensor x = full({kMany, 1}, 1), v = variable({1}, {0});
      tape.backward(x + v, std::vector<Real>(kMany, 1));
      CHECK(v.grad()[0] == kMany);
    }
    {
      Tape tape;
      const Tensor x = full({1000000, 2}, 1), v = variable({2}, {1, 1}), s = variable({}, {1});
      const Tensor column = variable({1000000, 1}, std::vector<Real>(1000000, 1));
      tape.backward(x * v * s * column, std::vector<Real>(2000000, Real(0.1)));
      check_all(v.grad(), {100000, 100000}, 2e-6);
      check_all(s.grad(), {200000}, 2e-6);
      CHECK(column.grad()[7] == doctest::Approx(0.2));
    }
    {
      Tape tape;
      const int n = 1000000;
      const Tensor x = full({n, 1}, 1), weight = variable({2, 1}, {1, 1}), bias = variable({2}, {0, 0});
      const std::vector<Real> tenths(2 * n, Real(0.1));
      tape.backward(linear(x, weight, bias), tenths);
      check_all(bias.grad(), {n / 10.0, n / 10.0}, 2e-6);
      check_all(weight.grad(), {n / 10.0, n / 10.0}, 1e-5);
    }
    {
      Tape tape;
      const int n = 1000000;
      const Tensor x = constant({1, 2}, {1, -1}), weight = variable({2}, {1, 1}), bias = variable({2}, {0, 0});
      const Tensor many = gather_rows(x, std::vector<int>(n, 0));
      tape.backward(layer_norm(many, weight, bias, 0), std::vector<Real>(2 * n, Real(0.1)));
      check_all(weight.grad(), {n / 10.0, -n / 10.0}, 2e-6);
      check_all(bias.grad(), {n / 10.0, n / 10.0}, 2e-6);
    }
    {
      Tape tape;
      const int n = 1000000;
      const Tensor table = variable({2, 1}, {1, 2}), other = variable({2, 1}, {1, 2});
      tape.backward(embedding(table, std::vector<int>(n, 1)) + gather_rows(other, std::vector<int>(n, 1)),
                    std::vector<Real>(n, Real(0.1)));
      check_all(table.grad(), {0, n / 10.0}, 2e-6);
      check_all(other.grad(), {0, n / 10.0}, 2e-6);
    }
    {
      Tape tape;
      const int n = 300000;
      const Tensor x = full({n, 1}, 1), weight = variable({2, 1}, {0, 0}), bias = variable({2}, {0, 0});
      tape.backward(linear_cross_entropy(x, weight, bias, std::vector<int>(n, 0), {.divisor = 1}));
      check_all(bias.grad(), {-n / 2.0, n / 2.0}, 2e-6);
      check_all(weight.grad(), {-n / 2.0, n / 2.0}, 1e-5);
    }
    {
      Tape tape;
      const int n = 400000;
      const Tensor projected = full({n, 3}, 0), hidden = full({n, 1}, 1), weight_hh = full({3, 1}, 0);
      const Tensor bias = variable({3}, {0, 0, 0});
      tape.backward(gru_cell(projected, hidden, weight_hh, bias), std::vector<Real>(n, 1));
      check_all(bias.grad(), {0, n / 4.0, n / 4.0}, 1e-5);
    }
  }
}
