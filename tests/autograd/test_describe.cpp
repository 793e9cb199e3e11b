#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include "autograd/inspect/describe.h"
#include "ops/fused/linear.h"
#include "ops/fused/recurrent.h"
#include "ops/layout.h"

using namespace gradus;

TEST_SUITE("describe") {
  TEST_CASE("all tensors of an op have names, whichever of them it was given") {
    const auto zeros = [](Shape shape) { return full(shape, 0); };
    const auto names = [](const Tensor& y) { return fmt::format("{}", fmt::join(input_names(y.node()), " ")); };
    using Strings = std::vector<std::string>;
    Tape tape;
    const Tensor x = zeros({5, 2}), w = zeros({3, 2}), row = zeros({3});
    CHECK(names(linear(x, w)) == "x W");
    CHECK(names(linear(x, w, row)) == "x W b");
    CHECK(names(linear_sum(row, {{x, w}})) == "base x W");
    CHECK(names(linear_sum({}, {{x, w}, {x, w}})) == "x₁ W₁ x₂ W₂");
    CHECK(names(linear_sum(row, {{x, w}, {x, w}})) == "base x₁ W₁ x₂ W₂");
    CHECK(input_names(concat(std::vector<Tensor>(12, x), 0).node()).back() == "x₁₂");
    CHECK(names(concat({x}, 0)) == "x");

    const Tensor w4 = zeros({12, 2}), hh4 = zeros({12, 3}), h = zeros({2, 3}), base4 = zeros({12});
    CHECK(names(lstm_cell(base4, {{zeros({2, 2}), w4}}, h).cell) == "base c x W");
    const int lengths[] = {3, 2};
    const Packing packing(lengths);
    CHECK(names(lstm_sequence(base4, {{x, w4}}, hh4, {}, packing, false).output) == "base W_hh x W");
    CHECK(names(lstm_sequence(base4, {{x, w4}}, hh4, {h, h}, packing, false).output) == "base W_hh h₀ c₀ x W");
    CHECK(names(lstm_sequence(base4, {{x, w4}, {x, w4}}, hh4, {h, h}, packing, false).output) ==
          "base W_hh h₀ c₀ x₁ W₁ x₂ W₂");
    const Tensor hh = zeros({3, 3});
    for (const Nonlinearity kind : {Nonlinearity::Tanh, Nonlinearity::Relu}) {
      CHECK(names(rnn_sequence(row, {{x, w}}, hh, {}, packing, false, kind).output) == "base W_hh x W");
      CHECK(names(rnn_sequence(row, {{x, w}}, hh, h, packing, false, kind).output) == "base W_hh h₀ x W");
    }
    const Tensor hh3 = zeros({9, 3}), base3 = zeros({9});
    CHECK(names(gru_sequence(zeros({5, 9}), hh3, base3, {}, packing, false).output) == "x W b");
    CHECK(names(gru_sequence(zeros({5, 9}), hh3, base3, h, packing, false).output) == "x W b h₀");
    CHECK(names(gru_cell(zeros({2, 9}), h, hh3, base3)) == "x W b h");

    const auto outputs = [](const char* op) {
      return Strings{output_name(op, 0), output_name(op, 1), output_name(op, 2)};
    };
    CHECK(outputs("lstm_sequence") == Strings{"h", "h_T", "c_T"});
    CHECK(outputs("lstm_cell") == Strings{"h'", "c'", "output 2"});
    for (const char* op : {"gru_sequence", "rnn_tanh_sequence", "rnn_relu_sequence"})
      CHECK(outputs(op) == Strings{"h", "h_T", "output 2"});
  }
}
