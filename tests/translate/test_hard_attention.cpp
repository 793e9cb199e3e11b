#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "examples/translate/model/hard_attention.h"
#include "nn/attention_scopes.h"
#include "nn/attention_scores.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "tests/support/numbers.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

constexpr int kPositions = 3;  // positions to draw from
constexpr double kReinforceWeight = 0.7, kEntropyWeight = 0.3;

/// Two sentences, of two words and of one: their three draws, in packed order.
const std::vector<int> kLengths = {2, 1};
using Draws = std::array<int, 3>;
constexpr int kFirst = 0, kOther = 1, kSecond = 2;

/// The losses of the words, of which the second depends on both draws of its sentence.
std::array<Real, 3> losses(const Draws& a) {
  return {Real(a[kFirst] * a[kFirst] + 1), Real(2 - a[kOther]), Real(0.5) * Real((a[kFirst] + 2 * a[kSecond]) % 4)};
}

void each_draw(const std::function<void(const Draws&)>& visit) {
  for (int i = 0; i < kPositions * kPositions * kPositions; ++i)
    visit({i / (kPositions * kPositions), i / kPositions % kPositions, i % kPositions});
}

double probability(const std::vector<Real>& scores, int row, int position) {
  double sum = 0;
  for (int s = 0; s < kPositions; ++s) sum += std::exp(double(scores[row * kPositions + s]));
  return std::exp(double(scores[row * kPositions + position])) / sum;
}

double probability(const std::vector<Real>& scores, const Draws& a) {
  double p = 1;
  for (int row = 0; row < 3; ++row) p *= probability(scores, row, a[row]);
  return p;
}

/// λ_r E[Σ losses] - λ_e Σ H, of all draws together.
double objective(const std::vector<Real>& scores) {
  double result = 0;
  each_draw([&](const Draws& a) {
    for (const Real loss : losses(a)) result += kReinforceWeight * probability(scores, a) * double(loss);
  });
  for (int row = 0; row < 3; ++row) {
    for (int s = 0; s < kPositions; ++s) {
      const double p = probability(scores, row, s);
      result += kEntropyWeight * p * std::log(p);
    }
  }
  return result;
}

/// The gradient of the term for one outcome.
std::vector<Real> estimate(const std::vector<Real>& scores, const Draws& a, double baseline, double discount = 1) {
  Tape tape;
  const Tensor e = variable({3, kPositions}, scores), log_p = log_softmax(e);
  const Tensor drawn = squeeze(take_along_axis(log_p, a), -1), entropy = -sum(exp(log_p) * log_p, -1);
  std::array<StepOutput, 2> outputs;
  outputs[0].log_probability = slice(drawn, 0, 0, 2);
  outputs[1].log_probability = slice(drawn, 0, 2, 3);
  outputs[0].entropy = slice(entropy, 0, 0, 2);
  outputs[1].entropy = slice(entropy, 0, 2, 3);
  const HardAttentionOptions options{.reinforce_weight = kReinforceWeight,
                                     .discount = discount,
                                     .entropy_weight = kEntropyWeight,
                                     .baseline = baseline};
  const Tensor term = hard_attention_term(outputs, Packing(kLengths), losses(a), options);
  CHECK(term.value()[0] == 0);
  tape.backward(term);
  return {e.grad().begin(), e.grad().end()};
}

}

TEST_CASE("hard attention: the mean of the estimates is the gradient of what is expected, for any baseline") {
  const std::vector<Real> scores = {Real(0.3), -1, Real(0.5), 2, Real(0.1), -1, Real(-0.4), Real(0.7), 0};
  for (const double baseline : {0.0, 1.5}) {
    CAPTURE(baseline);
    std::vector<double> mean(scores.size());
    each_draw([&](const Draws& a) {
      const std::vector<Real> gradient = estimate(scores, a, baseline);
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += probability(scores, a) * double(gradient[i]);
    });
    for (std::size_t i = 0; i < mean.size(); ++i) {
      CAPTURE(i);
      constexpr Real kStep = Real(1e-2);
      std::vector<Real> above = scores, below = scores;
      above[i] += kStep;
      below[i] -= kStep;
      const double slope = (objective(above) - objective(below)) / (double(above[i]) - double(below[i]));
      CHECK(mean[i] == doctest::Approx(slope).epsilon(1e-3));
    }
  }
}

TEST_CASE("hard attention: with a discount the losses of later words count for less") {
  constexpr Draws kDraws = {1, 1, 1};
  const std::vector<Real> scores(9);
  const std::vector<Real> now = estimate(scores, kDraws, 0, 0), all = estimate(scores, kDraws, 0, 1),
                          half = estimate(scores, kDraws, 0, 0.5);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    CAPTURE(i);
    CHECK(half[i] == doctest::Approx((now[i] + all[i]) / 2).epsilon(1e-5));
    if (i / kPositions != kFirst) CHECK(now[i] == all[i]);
  }
  const double loss = losses(kDraws)[kFirst], later = losses(kDraws)[kSecond];
  REQUIRE(later > 0);
  CHECK(all[0] / now[0] == doctest::Approx((loss + later) / loss).epsilon(1e-5));
}

TEST_CASE("hard attention: a baseline near the losses makes the estimates less noisy") {
  const std::vector<Real> scores(9);
  const auto variance = [&](double baseline) {
    double result = 0;
    each_draw([&](const Draws& a) {
      for (const Real g : estimate(scores, a, baseline)) result += probability(scores, a) * double(g) * double(g);
    });
    return result;
  };
  CHECK(variance(1.4) < 0.6 * variance(0));
}

TEST_CASE("hard attention: the baseline follows the losses") {
  double baseline = 0;
  CHECK(next_baseline(2, 5) == doctest::Approx(2.3));
  for (int i = 0; i < 100; ++i) baseline = next_baseline(baseline, 4);
  CHECK(baseline == doctest::Approx(4).epsilon(1e-3));
}

TEST_CASE("hard attention: a share of the queries goes the way of soft attention, in training only") {
  DotAttention attention(nullptr, "dot");
  attention.scope = std::make_unique<HardScope>(Real(0.25));
  constexpr int kDraws = 4000;
  const Tape tape(Tape::Inference, 7);
  const Tensor states = constant({1, kPositions, 1}, {0, 1, -1}), queries = full({kDraws, 1}, 1);
  const KeysValues memory = attention.prepare(states, std::vector{kPositions}).select(std::vector<int>(kDraws, 0));
  const ConstArray expected = softmax(reshape(states, {1, kPositions})).value();
  const auto soft_share = [&] {
    const Attended attended = attention(queries, memory);
    int soft = 0;
    for (int i = 0; i < kDraws; ++i) {
      const Real* const weights = attended.weights.value().row(i);
      if (std::count(weights, weights + kPositions, 1) == 1) continue;
      ++soft;
      for (int s = 0; s < kPositions; ++s) REQUIRE(weights[s] == doctest::Approx(expected[s]));
      REQUIRE(attended.log_probability.value()[i] == 0);
    }
    return soft / double(kDraws);
  };
  CHECK(std::abs(soft_share() - 0.25) < 0.035);  // five standard deviations
  attention.eval();
  CHECK(soft_share() == 0);
}

TEST_CASE("hard attention: all heads of a query go the same way") {
  constexpr int kHeads = 4, kQueries = 100;
  MultiHeadAttention attention(nullptr, "heads", kHeads, kHeads, kHeads);
  HardScope scope(Real(0.5));
  const Tape tape(Tape::Inference, 7);
  const KeysValues memory = attention.prepare(full({1, kPositions, kHeads}, 1), std::vector{kPositions});
  const KeysValues selected = memory.select(std::vector<int>(kQueries, 0));
  const auto attended = scope(full({kQueries * kHeads, kPositions}, 1), {}, selected, {}, true);
  int soft = 0;
  for (int i = 0; i < kQueries; ++i) {
    const Real* const log_p = &attended.log_probability.value()[i * kHeads];
    CHECK(std::count(log_p, log_p + kHeads, log_p[0]) == kHeads);  // -log kPositions, or 0
    soft += log_p[0] == 0;
  }
  CHECK(std::abs(soft - kQueries / 2) < 25);
}

TEST_CASE("hard attention: a row masked as a whole attends to nothing, as with the other scopes") {
  DotAttention attention(nullptr, "dot");
  attention.scope = std::make_unique<HardScope>(Real(0.5));
  const Tape tape(Tape::Inference, 7);
  const Tensor states = constant({2, kPositions, 1}, {0, 1, -1, 0, 1, -1}),
               mask = constant({2, kPositions}, {0, 0, 0, 1, 0, 0});
  const KeysValues memory = attention.prepare(states, std::vector{kPositions, kPositions}, mask);
  for (const bool training : {true, false}) {
    attention.train(training);
    const Attended attended = attention(full({2, 1}, 1), memory);
    check_numbers(attended.weights, {0, 0, 0, 1, 0, 0});
    CHECK(attended.log_probability.value()[0] == 0);
  }
}
