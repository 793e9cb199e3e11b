#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "nn/attention_scopes.h"
#include "nn/attention_scores.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "tests/reference/twins.h"
#include "tests/support/numbers.h"

/// Every score with every scope, normaliser, with and without coverage.

using namespace gradus;

namespace {

constexpr int kStateSize = 4;  // of queries and states
constexpr ScopeSizes kScopeSizes{
    .query = kStateSize, .window = 2, .wait_k = 2, .value = kStateSize, .chunk = 2, .energy_noise = 0.5};
constexpr ScoreSizes kSizes{.query = kStateSize, .key = kStateSize, .inner = 3, .positions = 3, .heads = 2};

struct Combination {
  std::string name;
  std::unique_ptr<Attention> attention;
  bool sums_to_1;
};

void each_combination(const std::function<void(const Combination&)>& action) {
  for (const NamedScore& score : attention_scores()) {
    for (const NamedScope& scope : attention_scopes()) {
      for (const Normalizer normalizer : {Normalizer::Softmax, Normalizer::Sparsemax}) {
        for (const bool coverage : {false, true}) {
          Combination c{
              fmt::format("{}, {}, {}{}", score.name, scope.name,
                          normalizer == Normalizer::Softmax ? "softmax" : "sparsemax", coverage ? ", coverage" : ""),
              score.make(nullptr, score.name, kSizes),
              std::string_view(scope.name) != "local-p" && std::string_view(scope.name) != "monotonic" &&
                  std::string_view(scope.name) != "mocha"};
          c.attention->scope = scope.make(c.attention.get(), kScopeSizes);
          c.attention->scope->normalizer = normalizer;
          if (coverage) c.attention->coverage.emplace(c.attention.get(), "coverage", kStateSize, 1);
          CAPTURE(c.name);
          action(c);
        }
      }
    }
  }
}

AttentionStep step_of(int position, Tensor coverage) { return {position, square(coverage)}; }

/// What has gradients: the weights of a choice are constant.
std::vector<Tensor> outputs(const Attended& attended) {
  if (attended.log_probability) return {attended.context, attended.log_probability, attended.entropy};
  return {attended.context, attended.weights};
}

}

TEST_CASE("attention: every combination passes gradcheck" * doctest::skip(!kGradcheck)) {
  each_combination([](const Combination& c) {
    const std::vector<int> lengths = {4, 2, 1};
    gradcheck(
        c.name.c_str(), {{3, kStateSize}, {3, 4, kStateSize}, {3, 4}},
        [&](Tensor query, Tensor states, Tensor coverage) {
          const KeysValues source = c.attention->prepare(states, lengths);
          const Attended attended = (*c.attention)(query, source, step_of(2, coverage));
          std::vector<Tensor> result = outputs(attended);
          if (!c.attention->coverage) result.push_back(sum(coverage));  // which had no part in it
          return result;
        },
        c.attention->parameters());
  });
}

TEST_CASE("attention: no combination looks at padding or masked positions, whatever they hold") {
  const Checking nothing(kCheckNothing);  // NaN as padding
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  each_combination([&](const Combination& c) {
    const std::vector<int> lengths = {4, 2, 1};
    std::vector<Real> contexts[2], gradients[2];
    for (const bool poisoned : {false, true}) {
      Tape tape(Tape::Record, 1);
      Tensor states = variable({3, 4, kStateSize}, some_numbers(std::size_t{3} * 4 * kStateSize, 1));
      Tensor coverage = some({3, 4}, 2), mask = full({3, 4}, 1);
      mask.value()[1] = 0;
      for (int b = 0; poisoned && b < 3; ++b) {
        for (int s = lengths[b]; s < 4; ++s) {
          std::fill_n(&states.value()[(b * 4 + s) * kStateSize], kStateSize, nan);
          coverage.value()[b * 4 + s] = nan;
        }
      }
      const KeysValues source = c.attention->prepare(states, lengths, mask);
      const Attended attended = (*c.attention)(some({3, kStateSize}, 3), source, step_of(3, coverage));
      contexts[poisoned].assign(attended.context.value().begin(), attended.context.value().end());
      for (int b = 0; b < 3; ++b) {
        Real total = 0;
        for (int s = 0; s < 4; ++s) {
          const Real weight = attended.weights.value()[b * 4 + s];
          CHECK(weight >= 0);
          if (s >= lengths[b] || (b == 0 && s == 1)) CHECK(weight == 0);
          total += weight;
        }
        CHECK(total > 0);
        CHECK(total <= doctest::Approx(1));
        if (c.sums_to_1) CHECK(total == doctest::Approx(1));
      }
      Tensor loss = full({}, 0);
      for (const Tensor output : outputs(attended)) loss = loss + sum(output * some(output.shape(), 4));
      tape.backward(loss);
      gradients[poisoned].assign(states.grad().begin(), states.grad().end());
    }
    CHECK(contexts[0] == contexts[1]);
    for (std::size_t i = 0; i < gradients[0].size(); ++i) {
      const int b = static_cast<int>(i) / (4 * kStateSize), s = static_cast<int>(i) / kStateSize % 4;
      if (s < lengths[b]) CHECK(gradients[0][i] == gradients[1][i]);
    }
  });
}

TEST_CASE("attention: every combination attends alike to packed and padded states, and to chosen sentences") {
  each_combination([](const Combination& c) {
    c.attention->eval();
    const Tape tape;
    const std::vector<int> lengths = {2, 4, 3}, order = {2, 0, 1}, chosen = {1, 1, 0};
    const Packing packing{std::vector{4, 3, 2}};
    const Tensor packed = some({9, kStateSize}, 1), query = some({3, kStateSize}, 2), coverage = some({3, 4}, 3);
    const KeysValues of_packed = c.attention->prepare(packed, packing, order);
    const KeysValues of_padded = c.attention->prepare(unpack(packed, packing, order), lengths);
    const auto check = [](Tensor a, Tensor b) { check_numbers_close("attended", a.value(), b.value()); };
    const Attended a = (*c.attention)(query, of_packed, step_of(1, coverage));
    const Attended b = (*c.attention)(query, of_padded, step_of(1, coverage));
    check(a.context, b.context);
    check(a.weights, b.weights);
    const Attended some = (*c.attention)(query, of_packed.select(chosen), step_of(1, coverage));
    for (int i = 0; i < 3; ++i) {
      const KeysValues alone = of_padded.select(std::span(chosen).subspan(i, 1));
      const Attended one = (*c.attention)(slice(query, 0, i, i + 1), alone, step_of(1, slice(coverage, 0, i, i + 1)));
      check(slice(some.context, 0, i, i + 1), one.context);
    }
  });
}

TEST_CASE("attention: local scopes look at a window, in local-p shaped by a Gaussian that nothing normalises again") {
  const Tape tape;
  const int S = 9;
  const Tensor states = some({1, S, kStateSize}, 1), query = some({1, kStateSize}, 2);
  DotAttention attention(nullptr, "dot");
  const KeysValues source = attention.prepare(states, std::vector{S});
  const ConstArray scores = attention.scores(query, source).value();

  const auto softmax_in = [&](double low, double high) {
    std::vector<double> weights(S, 0);
    double total = 0;
    for (int s = 0; s < S; ++s) total += weights[s] = s >= low && s <= high ? std::exp(double(scores[s])) : 0;
    for (double& weight : weights) weight /= total;
    return weights;
  };
  attention.scope = std::make_unique<LocalMonotonic>(2);
  check_numbers(attention(query, source, {4, {}}).weights, softmax_in(2, 6), 1e-5);
  check_numbers(attention(query, source, {0, {}}).weights, softmax_in(0, 2), 1e-5);
  check_numbers(attention(query, source, {30, {}}).weights, softmax_in(S - 3, S - 1), 1e-5);

  auto local = std::make_unique<LocalPredictive>(&attention, kStateSize, 2);
  const double p = local->positions(query, source).value()[0];
  std::vector<double> expected = softmax_in(p - 2, p + 2);
  for (int s = 0; s < S; ++s) expected[s] *= std::exp(-(s - p) * (s - p) / (2 * 1.0 * 1.0));  // σ = D/2 = 1
  attention.scope = std::move(local);
  check_numbers(attention(query, source).weights, expected, 1e-5);
}

TEST_CASE("attention: wait-k sees k positions at the first word, and one more at each further one") {
  const Tape tape;
  DotAttention attention(nullptr, "dot");
  attention.scope = std::make_unique<WaitK>(2);
  const Tensor query = full({2, 1}, 1);  // of states ln 1, ln 2, … the weights are 1 : 2 : …
  Tensor states = full({2, 4, 1}, 0);
  for (int i = 0; i < 8; ++i) states.value()[i] = static_cast<Real>(std::log(1 + i % 4));
  const KeysValues source = attention.prepare(states, std::vector{4, 3});
  const auto check = [&](int position, const std::vector<double>& weights) {
    const Attended attended = attention(query, source, {position, {}});
    check_numbers(attended.weights, weights, 1e-5);
    check_numbers(attended.delay, {position + 2.0, position + 2.0});
  };
  check(0, {1.0 / 3, 2.0 / 3, 0, 0, 1.0 / 3, 2.0 / 3, 0, 0});
  check(1, {1.0 / 6, 2.0 / 6, 3.0 / 6, 0, 1.0 / 6, 2.0 / 6, 3.0 / 6, 0});
  check(2, {0.1, 0.2, 0.3, 0.4, 1.0 / 6, 2.0 / 6, 3.0 / 6, 0});
  check(9, {0.1, 0.2, 0.3, 0.4, 1.0 / 6, 2.0 / 6, 3.0 / 6, 0});
  CHECK_THROWS_WITH_AS(WaitK(0), "attention: wait-k waits for 0 words; need at least 1", Error);
}

TEST_CASE("attention: location scores have a position each; those of long sources beyond them are never attended") {
  const Tape tape;
  LocationAttention attention(nullptr, "location", kStateSize, 3);
  const Tensor query = some({2, kStateSize}, 1);
  const KeysValues source = attention.prepare(some({2, 5, kStateSize}, 2), std::vector{5, 2});
  const ConstArray weights = attention(query, source).weights.value();
  for (int b = 0; b < 2; ++b) {
    double e[3], total = 0;
    const int positions = b == 0 ? 3 : 2;
    for (int s = 0; s < positions; ++s) {
      e[s] = 0;
      for (int k = 0; k < kStateSize; ++k) {
        e[s] +=
            double(attention.position.weight.value()[s * kStateSize + k]) * double(query.value()[b * kStateSize + k]);
      }
      total += std::exp(e[s]);
    }
    for (int s = 0; s < 5; ++s) {
      CHECK(weights[b * 5 + s] == doctest::Approx(s < positions ? std::exp(e[s]) / total : 0).epsilon(1e-5));
    }
  }
}

TEST_CASE("attention: hard attention draws by the distribution in training, and takes the likeliest in evaluation") {
  DotAttention attention(nullptr, "dot");
  attention.scope = std::make_unique<HardScope>();
  constexpr int kDraws = 20000, S = 3;
  const std::vector<double> probabilities = {0.5, 0.2, 0.3};
  const Tape tape(Tape::Record, 7);
  Tensor states = full({1, S, 1}, 0), queries = full({kDraws, 1}, 1);
  for (int s = 0; s < S; ++s) states.value()[s] = static_cast<Real>(std::log(probabilities[s]));
  const KeysValues source = attention.prepare(states, std::vector{S}).select(std::vector<int>(kDraws, 0));

  const Attended drawn = attention(queries, source);
  double counts[S] = {}, entropy = 0;
  for (const double p : probabilities) entropy -= p * std::log(p);
  for (int i = 0; i < kDraws; ++i) {
    const Real* const row = &drawn.weights.value()[i * S];
    const auto place = std::find(row, row + S, 1) - row;
    REQUIRE(place < S);
    ++counts[place];
    REQUIRE(drawn.log_probability.value()[i] == doctest::Approx(std::log(probabilities[place])).epsilon(1e-4));
    REQUIRE(drawn.entropy.value()[i] == doctest::Approx(entropy).epsilon(1e-4));
  }
  // Five standard deviations of a share of 20,000 draws are at most 0.018.
  for (int s = 0; s < S; ++s) CHECK(std::abs(counts[s] / kDraws - probabilities[s]) < 0.018);

  attention.eval();
  const Attended likeliest = attention(queries, source);
  for (int i = 0; i < kDraws; ++i) REQUIRE(likeliest.weights.value()[i * S] == 1);
}
