#include <doctest/doctest.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/losses/losses.h"
#include "ops/softmax.h"
#include "tests/support/complaint.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

constexpr Reduction kReductions[] = {Reduction::None, Reduction::Mean, Reduction::Sum};

/// A loss of one number and its gradient by it.
template <class Loss>
std::pair<double, double> at(Real x, Loss loss) {
  Tape tape;
  Tensor input = variable({1}, {x});
  const Tensor y = loss(input);
  tape.backward(sum(y));
  return {y.value()[0], input.grad()[0]};
}

/// cross_entropy of one row with the target distribution, and its gradient by the logits.
std::vector<double> loss_and_gradient(const std::vector<Real>& logits, const std::vector<int>& target,
                                      CrossEntropyOptions options) {
  Tape tape;
  const int V = static_cast<int>(logits.size());
  options.weight = full({V}, 1);
  Tensor x = variable({1, V, 1}, logits);
  const Tensor loss = cross_entropy(x, target, options);
  tape.backward(loss);
  std::vector<double> numbers = {loss.value()[0]};
  numbers.insert(numbers.end(), x.grad().begin(), x.grad().end());
  return numbers;
}

void check_close(const std::vector<double>& got, const std::vector<double>& wanted) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == doctest::Approx(wanted[i]).epsilon(1e-5));
}

}

TEST_SUITE("losses") {
  TEST_CASE("a reduction has its name") {
    CHECK(std::string(to_string(Reduction::None)) == "none");
    CHECK(std::string(to_string(Reduction::Mean)) == "mean");
    CHECK(std::string(to_string(Reduction::Sum)) == "sum");
  }

  TEST_CASE("losses of two numbers, by hand") {
    Tape tape;
    const Tensor x = constant({3}, {1, 2, 5}), t = constant({3}, {1, 0, 1});
    check_numbers(mse_loss(x, t, Reduction::None), {0, 4, 16});
    check_numbers(mse_loss(x, t), {20.0 / 3});
    check_numbers(l1_loss(x, t, Reduction::Sum), {6});
    check_numbers(huber_loss(x, t, 3, Reduction::None), {0, 2, 7.5});
    check_numbers(smooth_l1_loss(x, t, 3, Reduction::None), {0, 2.0 / 3, 2.5});
    check_numbers(smooth_l1_loss(x, t, 0, Reduction::None), {0, 2, 4});
    check_numbers(mse_loss(x, constant({}, {1}), Reduction::None), {0, 1, 16});
  }

  TEST_CASE("binary cross-entropy of logits of any size") {
    for (const Real size : {Real(1e6), Real(1e30)}) {
      for (const Real x : {size, -size}) {
        for (const Real t : {Real(0), Real(1), Real(0.25)}) {
          const auto [loss, gradient] =
              at(x, [=](Tensor x) { return binary_cross_entropy_with_logits(x, full({1}, t)); });
          const double wanted = x > 0 ? (1 - t) * double(x) : t * -double(x);
          CHECK(loss == doctest::Approx(wanted));
          CHECK(gradient == doctest::Approx((x > 0) - t));
        }
      }
    }
    // No digits are lost where a loss is small: log(1 + exp(-20)), and not 20 - 20.
    const auto [loss, gradient] = at(20, [](Tensor x) { return binary_cross_entropy_with_logits(x, full({1}, 1)); });
    CHECK(loss == doctest::Approx(std::log1p(std::exp(-20.0))));
    CHECK(gradient == doctest::Approx(-1 / (1 + std::exp(20.0))));
    for (const Real infinite : {kInfinity, -kInfinity}) {
      const auto [right, no_gradient] =
          at(infinite, [=](Tensor x) { return binary_cross_entropy_with_logits(x, full({1}, infinite > 0 ? 1 : 0)); });
      CHECK(right == 0);
      CHECK(no_gradient == 0);
      const auto [wrong, slope] =
          at(infinite, [=](Tensor x) { return binary_cross_entropy_with_logits(x, full({1}, infinite > 0 ? 0 : 1)); });
      CHECK(wrong == double(kInfinity));
      CHECK(slope == (infinite > 0 ? 1 : -1));
    }
  }

  TEST_CASE("binary cross-entropy of the probabilities 0 and 1 is finite, as in PyTorch") {
    const auto loss_of = [](Real p, Real t) {
      return at(p, [=](Tensor p) { return binary_cross_entropy(p, full({1}, t)); });
    };
    CHECK(loss_of(0, 1).first == 100);
    CHECK(loss_of(1, 0).first == 100);
    CHECK(loss_of(0, 0).first == 0);
    CHECK(loss_of(1, 1).first == 0);
    CHECK(loss_of(0, 1).second == doctest::Approx(-1e12));
    CHECK(loss_of(1, 1).second == 0);
  }

  TEST_CASE("kl_divergence of targets without probability is 0, whatever the input is") {
    for (const Real x : {Real(-3), -kInfinity}) {
      CHECK(at(x, [](Tensor x) { return kl_divergence(x, full({1}, 0)); }).first == 0);
      CHECK(at(x, [](Tensor x) { return kl_divergence(x, full({1}, -kInfinity), Reduction::Mean, true); }).first == 0);
    }
  }

  TEST_CASE("losses with |x - t| beyond all squares have gradients") {
    for (const Real x : {Real(1e30), Real(-1e30)}) {
      const auto [huber, gradient] = at(x, [](Tensor x) { return huber_loss(x, full({1}, 0), 2); });
      CHECK(huber == doctest::Approx(2e30));
      CHECK(gradient == (x > 0 ? 2 : -2));
      CHECK(at(x, [](Tensor x) { return smooth_l1_loss(x, full({1}, 0), 2); }).second == (x > 0 ? 1 : -1));
      CHECK(at(x, [](Tensor x) { return l1_loss(x, full({1}, 0)); }).second == (x > 0 ? 1 : -1));
    }
    CHECK(at(2, [](Tensor x) { return l1_loss(x, full({1}, 2)); }).second == 0);
  }

  TEST_CASE("cross_entropy of logits of any size, on the way of weights and axes") {
    for (const Real size : {Real(1e6), Real(1e8), Real(1e30)}) {
      for (const Real x : {size, -size}) {
        check_close(loss_and_gradient({x, x, x}, {1}, {.label_smoothing = Real(0.1)}),
                    {std::log(3.0), 0.9 / 3, 0.9 / 3 - 0.9, 0.9 / 3});
      }
      CHECK(loss_and_gradient({size, 0, 0}, {1}, {.reduction = Reduction::Sum})[0] == doctest::Approx(double(size)));
      CHECK(loss_and_gradient({size, 0, 0}, {0}, {.reduction = Reduction::Sum})[0] == 0);
    }
    check_close(loss_and_gradient({-kInfinity, 0, 0}, {1}, {.reduction = Reduction::Sum}),
                {std::log(2.0), 0, -0.5, 0.5});
  }

  TEST_CASE("an ignored place has no loss and no gradient, whatever its logits are") {
    Tape tape;
    const Real nan = kNaN;
    Tensor x = variable({2, 2, 2}, {1, nan, 2, nan, 1, 3, 2, 5});
    const std::vector<int> targets = {0, -100, 1, 1};
    std::vector<Real> rows(4);
    const Tensor losses = cross_entropy(x, targets, {.row_losses = rows, .reduction = Reduction::None});
    CHECK(losses.shape() == Shape{2, 2});
    const double loss = std::log1p(std::exp(1.0)), other = std::log1p(std::exp(-1.0)),
                 last = std::log1p(std::exp(-2.0));
    check_numbers(losses, {loss, 0, other, last});
    check_numbers(constant({4}, rows), {loss, 0, other, last});
    tape.backward(losses, std::vector<Real>{1, 1, 1, 1});
    CHECK(x.grad()[1] == 0);
    CHECK(x.grad()[3] == 0);
    check_numbers(cross_entropy(x, targets, {.weight = constant({2}, {1, 2})}), {(loss + 2 * other + 2 * last) / 5});
    check_numbers(cross_entropy(x, targets, {.divisor = 10, .weight = full({2}, 1)}), {(loss + other + last) / 10});
    const std::vector<int> none = {-100, -100, -100, -100};
    check_numbers(cross_entropy(x, none), {0});
    check_numbers(nll_loss(x, none), {0});
  }

  TEST_CASE("cross_entropy with one-hot distributions is that with targets") {
    Tape tape;
    const Tensor x = constant({3, 4}, {1, 2, 3, 4, -1, 0, 2, 0.5, 7, 1, 2, -3});
    const std::vector<int> targets = {3, 0, 2};
    for (const Reduction reduction : kReductions) {
      const CrossEntropyOptions options{.label_smoothing = Real(0.2), .reduction = reduction};
      const Tensor wanted = cross_entropy(x, targets, options);
      check_numbers(cross_entropy(x, one_hot(targets, 4), options), {wanted.value().begin(), wanted.value().end()});
    }
    const Tensor plain = cross_entropy(x, targets);
    check_numbers(nll_loss(log_softmax(x), targets), {plain.value().begin(), plain.value().end()});
  }

  TEST_CASE("one_hot") {
    Tape tape;
    const std::vector<int> index = {2, 0};
    check_numbers(one_hot(index, 4), {0, 0, 1, 0, 1, 0, 0, 0});
    CHECK(one_hot(index).shape() == Shape{2, 3});
    CHECK(one_hot({}, 3).shape() == Shape{0, 3});
    CHECK(one_hot({}).shape() == Shape{0, 0});
  }

  TEST_CASE("batches without numbers sum to 0 and have no mean") {
    Tape tape;
    const Tensor none = full({0, 3}, 0);
    CHECK(mse_loss(none, none, Reduction::Sum).item() == 0);
    CHECK(mse_loss(none, none, Reduction::None).shape() == Shape{0, 3});
    CHECK(complaint([&] { l1_loss(none, none); }) ==
          "l1_loss: no numbers: the losses are (0, 3); need at least one for a mean");
    CHECK(nll_loss(none, {}).item() == 0);
    CHECK(cross_entropy(none, none).item() == 0);
    CHECK(cross_entropy(full({2, 3, 0}, 0), std::vector<int>(), {.reduction = Reduction::None}).shape() == Shape{2, 0});
  }

  TEST_CASE("mistakes are named") {
    Tape tape;
    const Tensor x = full({2, 3}, 0.5), v = full({4}, 1), w = variable({3}, {1, 1, 1});
    const std::vector<int> targets = {0, 1};
    CHECK(complaint([&] { mse_loss(x, v); }).starts_with("sub: shapes do not broadcast: a is (2, 3), b is (4)"));
    CHECK(complaint([&] { huber_loss(x, x, 0); }) == "huber_loss: bad delta: 0; need more than 0");
    CHECK(complaint([&] { smooth_l1_loss(x, x, -1); }) == "smooth_l1_loss: bad beta: -1; need 0 or more");
    CHECK(complaint([&] { binary_cross_entropy(2 * x + 1, x); }) ==
          "binary_cross_entropy: no probability: number 0 of input is 2; need 0 to 1");
    CHECK(complaint([&] { binary_cross_entropy(x, x, {.pos_weight = x}); }) ==
          "binary_cross_entropy: pos_weight is for logits only; need binary_cross_entropy_with_logits");
    CHECK(complaint([&] { binary_cross_entropy_with_logits(x, x, {.weight = w}); }) ==
          "binary_cross_entropy_with_logits: the weight needs a gradient (it was made by variable), and gets none");
    CHECK(complaint([&] {
            binary_cross_entropy_with_logits(x, x, {.weight = full({5, 2, 3}, 1)});
          }) ==
          "binary_cross_entropy_with_logits: weight does not fit: the losses are (2, 3), weight is (5, 2, 3); need one "
          "that broadcasts to the losses");
    CHECK(complaint([&] {
            nll_loss(x, std::vector{0, 3});
          }) == "nll_loss: no such class: targets[1] is 3; need 0 <= target < 3, or -100 to ignore it");
    CHECK(complaint([&] { nll_loss(x, std::vector{0}); }) ==
          "nll_loss: rows do not fit: input is (2, 3), targets has 1; need input (N, V) and N targets");
    CHECK(complaint([&] { nll_loss(x, targets, {.weight = v}); }) ==
          "nll_loss: weight does not fit: weight is (4), there are 3 classes; need (3)");
    CHECK(complaint([&] { cross_entropy(x, targets, {.weight = w}); }) ==
          "cross_entropy: the weight needs a gradient (it was made by variable), and gets none");
    CHECK(complaint([&] { cross_entropy(x, v); }) ==
          "cross_entropy: distributions do not fit: logits is (2, 3), targets is (4); need both (N, V, …)");
    CHECK(complaint([&] { cross_entropy(full({}, 0), std::vector{0}); }) ==
          "cross_entropy: rows do not fit: logits is (), targets has 1; need logits (N, V) and N targets");
    CHECK(complaint([&] { linear_cross_entropy(x, x, {}, targets, {.weight = full({2}, 1)}); }) ==
          "linear_cross_entropy: class weights, reduction mean; need none and mean, or cross_entropy(linear(…), …)");
    CHECK(complaint([&] { one_hot(targets, 1); }) == "one_hot: no such class: index[1] is 1; need 0 <= index < 1");
    CHECK(complaint([&] { one_hot(std::vector{-1}); }) ==
          "one_hot: no such class: index[0] is -1; need 0 <= index < 0");
    CHECK(complaint([&] { one_hot(targets, -2); }) ==
          "one_hot: bad number of classes: -2; need 0 or more, or -1 to count them");
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    for (const Reduction r : kReductions) {
      for (const Shape& target : {Shape{2, 3}, Shape{3}, Shape{}}) {
        const std::vector<CheckInput> inputs = {{2, 3}, target};
        gradcheck("mse_loss", inputs, [=](Tensor x, Tensor t) { return mse_loss(x, t, r); });
        gradcheck("l1_loss", inputs, [=](Tensor x, Tensor t) { return l1_loss(x, t, r); });
        gradcheck("huber_loss", inputs, [=](Tensor x, Tensor t) { return huber_loss(x, t, 0.77, r); });
        gradcheck("smooth_l1_loss", inputs, [=](Tensor x, Tensor t) { return smooth_l1_loss(x, t, 0.77, r); });
        gradcheck("binary_cross_entropy_with_logits", inputs, [=](Tensor x, Tensor t) {
          return binary_cross_entropy_with_logits(x, t, {full({2, 1}, 3), full({3}, 2), r});
        });
        const auto between = [](const Shape& shape) { return CheckInput::between(shape, 0.1, 0.9); };
        gradcheck("binary_cross_entropy", {between({2, 3}), between(target)},
                  [=](Tensor x, Tensor t) { return binary_cross_entropy(x, t, {.reduction = r}); });
        gradcheck("kl_divergence", {{2, 3}, between(target)},
                  [=](Tensor x, Tensor t) { return kl_divergence(x, t, r); });
        gradcheck("kl_divergence_of_logs", inputs, [=](Tensor x, Tensor t) { return kl_divergence(x, t, r, true); });
      }
      const std::vector<int> targets = {2, 0, -100, 1};
      for (const Shape& shape : {Shape{4, 3}, Shape{2, 3, 2}, Shape{2, 3, 1, 2}}) {
        gradcheck("nll_loss", {shape}, [&](Tensor x) {
          return nll_loss(x, targets, {.weight = constant({3}, {1, 2, 0}), .reduction = r});
        });
        for (const Real smoothing : {Real(0), Real(0.1), Real(1)}) {
          const auto options = [=] {
            return CrossEntropyOptions{
                .label_smoothing = smoothing, .weight = constant({3}, {1, 2, 0.5}), .reduction = r};
          };
          gradcheck("cross_entropy", {shape}, [&](Tensor x) { return cross_entropy(x, targets, options()); });
          gradcheck("cross_entropy", {shape, shape},
                    [&](Tensor x, Tensor q) { return cross_entropy(x, q, options()); });
        }
      }
      gradcheck("cross_entropy", {{3}}, [=](Tensor x) { return cross_entropy(x, std::vector{1}, {.reduction = r}); });
    }
  }
}
