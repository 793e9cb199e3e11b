#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "nn/attention_scores.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "tests/support/randomize.h"

using namespace gradus;

namespace {

/// All kinds, for queries of size 3; the keys of the dot product must be of the query's size.
struct Kind {
  const char* name;
  std::unique_ptr<Attention> attention;
  int state_size;
};

std::vector<Kind> kinds() {
  std::vector<Kind> result;
  result.push_back({"additive", std::make_unique<AdditiveAttention>(nullptr, "additive", 3, 4, 5), 4});
  result.push_back({"dot", std::make_unique<DotAttention>(nullptr, "dot"), 3});
  result.push_back({"scaled", std::make_unique<DotAttention>(nullptr, "scaled", DotAttention::InverseSqrt), 3});
  result.push_back({"general", std::make_unique<GeneralAttention>(nullptr, "general", 3, 4), 4});
  result.push_back({"scaled general",
                    std::make_unique<GeneralAttention>(nullptr, "scaled general", 3, 4, Attention::InverseSqrt), 4});
  return result;
}

/// The score of one query and one state, by its formula.
double score(Attention& attention, const Real* q, const Real* h) {
  const auto product = [](Parameter& w, int row, const Real* x) {
    const int n = w.shape()[1];
    double total = 0;
    for (int k = 0; k < n; ++k) total += static_cast<double>(w.value()[row * n + k]) * x[k];
    return total;
  };
  double e = 0;
  if (auto* additive = dynamic_cast<AdditiveAttention*>(&attention)) {
    for (int a = 0; a < 5; ++a) {
      e += additive->score.weight.value()[a] *
           std::tanh(product(additive->query.weight, a, q) + additive->query.bias->value()[a] +
                     product(additive->key.weight, a, h));
    }
  } else if (auto* general = dynamic_cast<GeneralAttention*>(&attention)) {
    for (int k = 0; k < 3; ++k) e += q[k] * product(general->key.weight, k, h);
  } else {
    for (int k = 0; k < 3; ++k) e += static_cast<double>(q[k]) * h[k];
  }
  return std::string(attention.path()).starts_with("scaled") ? e / std::sqrt(3.0) : e;
}

}

TEST_CASE("attention: weights and context by the formulas; padding and masked positions are never attended") {
  const Checking nothing(kCheckNothing);  // NaN as padding
  for (const Kind& kind : kinds()) {
    CAPTURE(std::string(kind.name));
    const Tape tape;
    const int B = 3, S = 4, H = kind.state_size, lengths[] = {4, 1, 3};
    Tensor values = random_tensor({B, S, H}, 1), query = random_tensor({B, 3}, 2);
    for (int t = 1; t < S; ++t) values.value()[(1 * S + t) * H] = NAN;  // padding may hold anything
    Tensor mask = full({B, S}, 1);
    mask.value()[0 * S + 2] = 0;

    for (const bool masked : {false, true}) {
      CAPTURE(masked);
      const KeysValues source = kind.attention->prepare(values, lengths, masked ? mask : Tensor());
      const Attended attended = (*kind.attention)(query, source);
      const Tensor context = attended.context, weights = attended.weights;
      REQUIRE(weights.shape() == Shape{B, S});
      REQUIRE(context.shape() == Shape{B, H});
      for (int b = 0; b < B; ++b) {
        const auto attended = [&](int t) { return t < lengths[b] && !(masked && b == 0 && t == 2); };
        double total = 0, e[4];
        for (int t = 0; t < S; ++t) {
          e[t] = attended(t) ? std::exp(score(*kind.attention, &query.value()[b * 3], &values.value()[(b * S + t) * H]))
                             : 0;
          total += e[t];
        }
        for (int t = 0; t < S; ++t) CHECK(weights.value()[b * S + t] == doctest::Approx(e[t] / total).epsilon(1e-4));
        for (int k = 0; k < H; ++k) {
          double c = 0;
          for (int t = 0; t < S; ++t) c += attended(t) ? e[t] / total * values.value()[(b * S + t) * H + k] : 0;
          CHECK(context.value()[b * H + k] == doctest::Approx(c).epsilon(1e-4));
        }
      }
    }
  }
}

TEST_CASE("attention: packed and padded states are attended alike, in any order of the sentences") {
  for (const Kind& kind : kinds()) {
    const Tape tape;
    const int order[] = {2, 0, 1}, lengths[] = {2, 4, 3};  // of the batch; the packing has 4, 3, 2
    const Tensor packed = random_tensor({9, kind.state_size}, 3), query = random_tensor({3, 3}, 4);
    const Packing packing{std::vector{4, 3, 2}};
    for (const bool masked : {false, true}) {
      CAPTURE(std::string(kind.name));
      CAPTURE(masked);
      Tensor mask = masked ? full({3, 4}, 1) : Tensor();
      if (masked) mask.value()[4] = 0;
      const Attended of_packed = (*kind.attention)(query, kind.attention->prepare(packed, packing, order, mask));
      const Attended of_padded =
          (*kind.attention)(query, kind.attention->prepare(unpack(packed, packing, order), lengths, mask));
      const auto check = [](Tensor a, Tensor b) {
        REQUIRE(a.shape() == b.shape());
        for (std::size_t i = 0; i < a.size(); ++i) CHECK(a.value()[i] == doctest::Approx(b.value()[i]).epsilon(1e-5));
      };
      check(of_packed.weights, of_padded.weights);
      check(of_packed.context, of_padded.context);
    }
  }
}

TEST_CASE("attention: queries about chosen sentences, one of them twice") {
  for (const Kind& kind : kinds()) {
    CAPTURE(std::string(kind.name));
    const Tape tape;
    const Tensor values = random_tensor({3, 4, kind.state_size}, 1), query = random_tensor({3, 3}, 2);
    Tensor mask = full({3, 4}, 1);
    mask.value()[1] = 0;
    const KeysValues source = kind.attention->prepare(values, std::vector{4, 2, 3}, mask);
    const int chosen[] = {2, 0, 2};
    const Tensor together = (*kind.attention)(query, source.select(chosen)).context;
    for (int i = 0; i < 3; ++i) {
      const int begin = chosen[i], length = begin == 2 ? 3 : 4;
      const KeysValues alone = kind.attention->prepare(slice(values, 0, begin, begin + 1), std::vector{length},
                                                       slice(mask, 0, begin, begin + 1));
      const Tensor expected = (*kind.attention)(slice(query, 0, i, i + 1), alone).context;
      for (int k = 0; k < kind.state_size; ++k) {
        CHECK(together.value()[i * kind.state_size + k] == doctest::Approx(expected.value()[k]).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("attention: fewer queries than sentences belong to the first sentences") {
  for (const Kind& kind : kinds()) {
    CAPTURE(std::string(kind.name));
    const Tape tape;
    const Tensor values = random_tensor({3, 4, kind.state_size}, 1), query = random_tensor({3, 3}, 2);
    for (const bool masked : {false, true}) {
      const KeysValues source =
          kind.attention->prepare(values, std::vector{4, 2, 1}, masked ? full({3, 4}, 1) : Tensor());
      const Tensor all = (*kind.attention)(query, source).context;
      const Tensor first = (*kind.attention)(slice(query, 0, 0, 2), source).context;
      REQUIRE(first.shape() == Shape{2, kind.state_size});
      for (std::size_t i = 0; i < first.size(); ++i) {
        CHECK(first.value()[i] == doctest::Approx(all.value()[i]).epsilon(1e-6));
      }
    }
  }
}

TEST_CASE("attention: a batch that does not fit is refused") {
  AdditiveAttention attention(nullptr, "attention", 3, 4, 5);
  const Tape tape;
  const Tensor values = full({2, 3, 4}, 1);
  CHECK_THROWS_WITH_AS(attention.prepare(values, std::vector{3}),
                       "attention: values are (2, 3, 4) with 1 lengths; need (B, S, H) and B lengths [in attention]",
                       Error);
  CHECK_THROWS_AS(attention.prepare(values, std::vector{3, 4}), Error);
  CHECK_THROWS_AS(attention.prepare(values, std::vector{3, 0}), Error);
  CHECK_THROWS_AS(attention.prepare(values, std::vector{3, 3}, full({2, 4}, 1)), Error);
}

TEST_CASE("attention: gradients") {
  const std::vector<std::vector<int>> batches = {{3, 1}, {1}, {2, 4, 4}};
  for (const Kind& kind : kinds()) {
    for (const auto& lengths : batches) {
      const int B = lengths.size(), S = std::ranges::max(lengths);
      for (const bool masked : {false, true}) {
        gradcheck(
            kind.name, {{B, 3}, {B, S, kind.state_size}},
            [&](Tensor query, Tensor values) {
              Tensor mask;
              if (masked) {
                mask = full({B, S}, 1);
                if (lengths.back() > 1) mask.value()[mask.size() - S] = 0;
              }
              const Attended result = (*kind.attention)(query, kind.attention->prepare(values, lengths, mask));
              return std::vector{result.context, result.weights};
            },
            kind.attention->parameters());
      }
    }
    gradcheck(
        kind.name, {{2, 3}, {5, kind.state_size}},
        [&](Tensor query, Tensor packed) {
          const KeysValues source = kind.attention->prepare(packed, Packing(std::vector{3, 2}), std::vector{1, 0});
          return (*kind.attention)(query, source).context;
        },
        kind.attention->parameters());
  }
}
