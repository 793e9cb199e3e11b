#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/gradcheck.h"
#include "nn/layers.h"
#include "ops/layout.h"

using namespace gradus;

namespace {

void assign(Array array, std::initializer_list<Real> values) { std::copy(values.begin(), values.end(), array.begin()); }

}

TEST_CASE("linear: y = x Wᵀ + b") {
  Linear layer(nullptr, "linear", 2, 3);
  assign(layer.weight.value(), {1, 2, 3, 4, 5, 6});
  assign(layer.bias->value(), {10, 20, 30});
  const Tape tape;
  const Tensor y = layer(constant({1, 2}, {1, -1}));
  CHECK(std::ranges::equal(y.value(), std::vector<Real>{9, 19, 29}));

  Linear plain(nullptr, "plain", 2, 3, false);
  CHECK_FALSE(plain.bias.has_value());
  assign(plain.weight.value(), {1, 2, 3, 4, 5, 6});
  CHECK(std::ranges::equal(plain(constant({1, 2}, {1, -1})).value(), std::vector<Real>{-1, -1, -1}));
}

TEST_CASE("linear: begins within ±1/√in, not at zero") {
  Linear layer(nullptr, "linear", 100, 50);
  const auto [low, high] = std::minmax_element(layer.weight.value().begin(), layer.weight.value().end());
  CHECK(*low >= Real(-0.1));
  CHECK(*low < Real(-0.099));
  CHECK(*high <= Real(0.1));
  CHECK(*high > Real(0.099));
  CHECK(std::ranges::none_of(layer.bias->value(), [](Real b) { return b == 0 || std::abs(b) > Real(0.1); }));
}

TEST_CASE("linear: gradients") {
  for (const auto& [in, out, with_bias] : {std::tuple(3, 2, true), std::tuple(1, 1, true), std::tuple(4, 3, false)}) {
    Linear layer(nullptr, "linear", in, out, with_bias);
    gradcheck(
        "Linear", {{2, in}}, [&](Tensor x) { return layer(x); }, layer.parameters());
    gradcheck(
        "Linear", {{2, 3, in}}, [&](Tensor x) { return layer(x); }, layer.parameters());
  }
}

TEST_CASE("linear: of parts, as of what they are together") {
  Linear layer(nullptr, "linear", 9, 4);
  gradcheck(
      "Linear of parts", {{3, 2}, {3, 6}, {3, 1}},
      [&](Tensor a, Tensor b, Tensor c) {
        return layer({a, b, c});
      },
      layer.parameters());
  const Tape tape;
  const Tensor a = full({3, 2}, 1), b = full({3, 6}, Real(0.5)), c = full({3, 1}, -2);
  const Tensor together = layer(concat({a, b, c}, -1)), parts = layer({a, b, c});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    CHECK(parts.value().data[i] == doctest::Approx(together.value().data[i]).epsilon(1e-6));
  }
  CHECK_THROWS_WITH_AS(layer({a, b}),
                       "linear: input sizes differ: x is (…, 8), weight is (4, 9); need x.dim(-1) == weight.dim(-1) "
                       "[in linear]",
                       Error);
}

TEST_CASE("embedding: rows by number, normal at first") {
  Embedding table(nullptr, "table", 2000, 8);
  double square = 0;
  for (const Real x : table.weight.value()) square += static_cast<double>(x) * x;
  CHECK(square / 16000 == doctest::Approx(1).epsilon(0.05));

  const Tape tape;
  const Tensor y = table(std::vector{7, 1999, 7});
  REQUIRE(y.shape() == Shape{3, 8});
  for (int k = 0; k < 8; ++k) {
    CHECK(y.value()[k] == table.weight.value()[7 * 8 + k]);
    CHECK(y.value()[8 + k] == table.weight.value()[1999 * 8 + k]);
    CHECK(y.value()[16 + k] == y.value()[k]);
  }
  CHECK_THROWS_AS(table(std::vector{2000}), Error);
}

TEST_CASE("embedding: gradients, of rows used once, twice and never") {
  for (const auto& [count, size] : {std::pair(5, 3), std::pair(3, 1), std::pair(4, 7)}) {
    Embedding table(nullptr, "table", count, size);
    gradcheck(
        "Embedding", {},
        [&] {
          return table(std::vector{2, 0, 2});
        },
        table.parameters());
  }
}

TEST_CASE("dropout: only in training mode, and the mean stays") {
  Dropout layer(nullptr, "dropout", Real(0.25));
  const Tape tape;
  const Tensor x = full({100, 100}, 1);
  const Tensor y = layer(x);
  const auto zeros = std::ranges::count(y.value(), Real{0});
  CHECK(zeros == doctest::Approx(2500).epsilon(0.06));
  CHECK(std::ranges::all_of(y.value(), [](Real v) { return v == 0 || std::abs(v - Real(4) / 3) < Real(1e-6); }));

  layer.eval();
  CHECK(std::ranges::equal(layer(x).value(), x.value()));
}

TEST_CASE("dropout: gradients") {
  Dropout layer(nullptr, "dropout", Real(0.5));
  for (const auto& shape : {Shape{3, 4}, Shape{1}, Shape{2, 3, 5}}) {
    gradcheck("Dropout", {shape}, [&](Tensor x) { return layer(x); });
  }
}

TEST_CASE("layer norm: mean 0 and variance 1, then scale and shift") {
  LayerNorm layer(nullptr, "norm", 4);
  const Tape tape;
  const Tensor x = constant({1, 4}, {1, 2, 3, 6});
  // mean 3, variance 3.5
  const double root = std::sqrt(3.5 + 1e-5);
  const double expected[] = {-2 / root, -1 / root, 0, 3 / root};
  for (int i = 0; i < 4; ++i) CHECK(layer(x).value()[i] == doctest::Approx(expected[i]).epsilon(1e-5));
  layer.weight->value()[3] = 2;
  layer.bias->value()[3] = 10;
  CHECK(layer(x).value()[3] == doctest::Approx(2 * expected[3] + 10).epsilon(1e-5));
}

TEST_CASE("layer norm: gradients") {
  for (const auto& shape : {Shape{3, 4}, Shape{2}, Shape{2, 3, 5}}) {
    LayerNorm layer(nullptr, "norm", shape[-1]);
    initialize(layer, 3, init::uniform(0.5, 1.5));
    gradcheck(
        "LayerNorm", {shape}, [&](Tensor x) { return layer(x); }, layer.parameters());
  }
}
