#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "nn/recurrent.h"
#include "ops/layout.h"
#include "tests/support/randomize.h"

using namespace gradus;

namespace {

std::vector<std::string> names(Module& module) {
  std::vector<std::string> result;
  for (const Parameter* parameter : module.parameters()) result.push_back(parameter->name());
  return result;
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

using Vector = std::vector<double>;

/// b_ih + W_ih x, or b_hh + W_hh h.
Vector affine_of(Parameter& weight, Parameter& bias, const Vector& x) {
  Vector y(bias.value().begin(), bias.value().end());
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t k = 0; k < x.size(); ++k) y[i] += static_cast<double>(weight.value()[i * x.size() + k]) * x[k];
  }
  return y;
}

struct PlainState {
  Vector hidden, cell;
};

/// One step by the equations at the head of ops/fused/recurrent.h.
PlainState lstm_step(RecurrentWeights& w, const Vector& x, const PlainState& state) {
  const Vector a = affine_of(w.weight_ih, *w.bias_ih, x), b = affine_of(w.weight_hh, *w.bias_hh, state.hidden);
  const std::size_t H = state.hidden.size();
  PlainState next = state;
  for (std::size_t k = 0; k < H; ++k) {
    const auto gate = [&](std::size_t g) { return a[g * H + k] + b[g * H + k]; };
    next.cell[k] = sigmoid_of(gate(1)) * state.cell[k] + sigmoid_of(gate(0)) * std::tanh(gate(2));
    next.hidden[k] = sigmoid_of(gate(3)) * std::tanh(next.cell[k]);
  }
  return next;
}

PlainState gru_step(RecurrentWeights& w, const Vector& x, const PlainState& state) {
  const Vector a = affine_of(w.weight_ih, *w.bias_ih, x), b = affine_of(w.weight_hh, *w.bias_hh, state.hidden);
  const std::size_t H = state.hidden.size();
  PlainState next = state;
  for (std::size_t k = 0; k < H; ++k) {
    const double r = sigmoid_of(a[k] + b[k]), z = sigmoid_of(a[H + k] + b[H + k]);
    const double n = std::tanh(a[2 * H + k] + r * b[2 * H + k]);
    next.hidden[k] = (1 - z) * n + z * state.hidden[k];
  }
  return next;
}

PlainState rnn_step(RecurrentWeights& w, const Vector& x, const PlainState& state) {
  const Vector a = affine_of(w.weight_ih, *w.bias_ih, x), b = affine_of(w.weight_hh, *w.bias_hh, state.hidden);
  PlainState next = state;
  for (std::size_t k = 0; k < state.hidden.size(); ++k) next.hidden[k] = std::tanh(a[k] + b[k]);
  return next;
}

using Step = PlainState (*)(RecurrentWeights&, const Vector&, const PlainState&);

struct PlainResult {
  std::vector<Vector> output;     // of each time
  std::vector<PlainState> final;  // of each layer and direction
};

/// A whole stack over one sequence, number by number.
template <class Stack>
PlainResult run_plain(Stack& stack, Step step, std::vector<Vector> x) {
  const std::size_t H = stack.hidden(), length = x.size();
  PlainResult result;
  for (int layer = 0; layer < stack.options().layers; ++layer) {
    std::vector<Vector> output(length);
    for (const bool reverse : {false, true}) {
      if (reverse && !stack.options().bidirectional) continue;
      PlainState state{Vector(H), Vector(H)};
      std::vector<Vector> hidden(length);
      for (std::size_t i = 0; i < length; ++i) {
        const std::size_t t = reverse ? length - 1 - i : i;
        state = step(stack.weights(layer, reverse), x[t], state);
        hidden[t] = state.hidden;
      }
      for (std::size_t t = 0; t < length; ++t) output[t].insert(output[t].end(), hidden[t].begin(), hidden[t].end());
      result.final.push_back(state);
    }
    for (std::size_t t = 0; t < length && layer > 0 && stack.options().residual; ++t) {
      for (std::size_t k = 0; k < output[t].size(); ++k) output[t][k] += x[t][k];
    }
    x = output;
  }
  result.output = x;
  return result;
}

bool close(std::span<const Real> actual, const Vector& expected) {
  const double tolerance = sizeof(Real) == sizeof(float) ? 1e-5 : 1e-12;
  return std::ranges::equal(actual, expected, [=](double a, double b) { return std::abs(a - b) <= tolerance; });
}

std::span<const Real> row(const Tensor& x, std::size_t i) {
  const std::size_t size = x.dim(-1);
  return {x.value().data + i * size, size};
}

const Tensor& hidden_of(const LstmState& state) { return state.hidden; }
const Tensor& hidden_of(const Tensor& state) { return state; }
void check_cell(const LstmState& state, std::size_t i, const PlainState& expected) {
  CHECK(close(row(state.cell, i), expected.cell));
}
void check_cell(const Tensor&, std::size_t, const PlainState&) {}

const RecurrentOptions kOptions[] = {{.layers = 1},
                                     {.layers = 1, .bidirectional = true},
                                     {.layers = 3},
                                     {.layers = 2, .bidirectional = true},
                                     {.layers = 3, .bidirectional = true, .residual = true}};
const std::vector<int> kBatches[] = {{2, 5, 1, 5}, {1}, {3, 3}, {1, 2, 4}};

/// The padded call and the packed one against the equations, with padding that is not a number.
template <class Stack>
void check_against_equations(Step step) {
  const int in = 3, hidden = 2;
  for (const RecurrentOptions& options : kOptions) {
    CAPTURE(options.layers);
    CAPTURE(options.bidirectional);
    Stack stack(nullptr, "stack", in, hidden, options);
    for (const std::vector<int>& lengths : kBatches) {
      const Tape tape;
      const int batch = lengths.size(), steps = std::ranges::max(lengths);
      Tensor x = random_tensor({batch, steps, in}, 4);
      for (int b = 0; b < batch; ++b) {
        std::fill(&x.value()[(b * steps + lengths[b]) * in - in] + in, &x.value()[0] + (b + 1) * steps * in, Real(NAN));
      }
      const auto result = stack(x, lengths);
      REQUIRE(result.output.shape() == Shape{batch, steps, stack.output_size()});
      for (int b = 0; b < batch; ++b) {
        std::vector<Vector> sequence;
        for (int t = 0; t < lengths[b]; ++t) {
          const auto numbers = row(x, b * steps + t);
          sequence.emplace_back(numbers.begin(), numbers.end());
        }
        const PlainResult expected = run_plain(stack, step, sequence);
        for (int t = 0; t < steps; ++t) {
          CHECK(close(row(result.output, b * steps + t),
                      t < lengths[b] ? expected.output[t] : Vector(stack.output_size())));
        }
        REQUIRE(result.final.size() == expected.final.size());
        for (std::size_t i = 0; i < result.final.size(); ++i) {
          CHECK(close(row(hidden_of(result.final[i]), b), expected.final[i].hidden));
          check_cell(result.final[i], b, expected.final[i]);
        }
      }
    }
  }
}

}

TEST_CASE("lstm: parameters have PyTorch's names and layouts") {
  LSTM lstm(nullptr, "rnn", 3, 5, {.layers = 2, .bidirectional = true});
  CHECK(names(lstm) ==
        std::vector<std::string>{"rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0",
                                 "rnn.weight_ih_l0_reverse", "rnn.weight_hh_l0_reverse", "rnn.bias_ih_l0_reverse",
                                 "rnn.bias_hh_l0_reverse", "rnn.weight_ih_l1", "rnn.weight_hh_l1", "rnn.bias_ih_l1",
                                 "rnn.bias_hh_l1", "rnn.weight_ih_l1_reverse", "rnn.weight_hh_l1_reverse",
                                 "rnn.bias_ih_l1_reverse", "rnn.bias_hh_l1_reverse"});
  CHECK(lstm.weights(0, false).weight_ih.shape() == Shape{20, 3});
  CHECK(lstm.weights(1, true).weight_ih.shape() == Shape{20, 10});
  CHECK(lstm.weights(1, true).weight_hh.shape() == Shape{20, 5});
  CHECK(lstm.weights(1, true).bias_hh->shape() == Shape{20});
  CHECK(lstm.output_size() == 10);

  LSTMCell cell(nullptr, "cell", 3, 5);
  CHECK(names(cell) == std::vector<std::string>{"cell.weight_ih", "cell.weight_hh", "cell.bias_ih", "cell.bias_hh"});
  GRU gru(nullptr, "gru", 3, 5);
  CHECK(gru.weights(0, false).weight_ih.shape() == Shape{15, 3});
  RNN rnn(nullptr, "rnn", 3, 5, {.layers = 2, .bidirectional = true});
  CHECK(names(rnn) == names(lstm));
  CHECK(rnn.weights(0, false).weight_ih.shape() == Shape{5, 3});
  CHECK(rnn.weights(1, true).weight_ih.shape() == Shape{5, 10});
  CHECK(names(*std::make_unique<RNNCell>(nullptr, "cell", 3, 5)) == names(cell));
}

TEST_CASE("lstm: begins within ±1/√H, not at zero") {
  LSTM lstm(nullptr, "rnn", 8, 25);
  for (const Parameter* parameter : lstm.parameters()) {
    const auto [low, high] = std::minmax_element(parameter->value().begin(), parameter->value().end());
    CHECK(*low >= Real(-0.2));
    CHECK(*low < Real(-0.18));
    CHECK(*high <= Real(0.2));
    CHECK(*high > Real(0.18));
  }
}

TEST_CASE("lstm: agrees with the equations, stacked, in both directions, for lengths in any order") {
  const Checking nothing(kCheckNothing);  // NaN as padding
  check_against_equations<LSTM>(lstm_step);
}

TEST_CASE("gru: agrees with the equations, stacked, in both directions, for lengths in any order") {
  const Checking nothing(kCheckNothing);  // NaN as padding
  check_against_equations<GRU>(gru_step);
}

TEST_CASE("rnn: agrees with the equations, stacked, in both directions, for lengths in any order") {
  const Checking nothing(kCheckNothing);  // NaN as padding
  check_against_equations<RNN>(rnn_step);
}

TEST_CASE("rnn: cells do what a layer does, with either nonlinearity, and sequence() what the layer does") {
  for (const Nonlinearity nonlinearity : {Nonlinearity::Tanh, Nonlinearity::Relu}) {
    RNN layer(nullptr, "rnn", 3, 2, {}, nonlinearity);
    RNNCell cell(nullptr, "rnn", 3, 2, nonlinearity);
    for (int i = 0; i < 4; ++i)
      std::ranges::copy(layer.parameters()[i]->value(), cell.parameters()[i]->value().begin());
    const Tape tape;
    const Tensor x = random_tensor({6, 3}, 1);
    const Packing packing{std::vector{3, 3}};
    Tensor state = cell.zero_state(2);
    const auto whole = layer(x, packing);
    for (int t = 0; t < 3; ++t) {
      state = cell(slice(x, 0, 2 * t, 2 * t + 2), state);
      CHECK(close({whole.output.value().data + t * 4, 4}, Vector(state.value().begin(), state.value().end())));
    }
    CHECK(close({whole.final[0].value().data, 4}, Vector(state.value().begin(), state.value().end())));
    const auto general = layer.sequence(x, packing);
    CHECK(close({general.output.value().data, 12}, Vector(whole.output.value().begin(), whole.output.value().end())));
    CHECK(close({general.final[0].hidden.value().data, 4}, Vector(state.value().begin(), state.value().end())));
    CHECK_FALSE(general.final[0].cell);
  }
}

TEST_CASE("lstm: cells do what a layer does, from any initial state") {
  LSTM layer(nullptr, "rnn", 3, 2);
  LSTMCell cell(nullptr, "rnn", 3, 2);
  for (int i = 0; i < 4; ++i) {
    const ConstArray from = layer.parameters()[i]->value();
    std::copy(from.begin(), from.end(), cell.parameters()[i]->value().begin());
  }
  const Tape tape;
  const Tensor x = random_tensor({6, 3}, 1);
  LstmState state{random_tensor({2, 2}, 2), random_tensor({2, 2}, 3)};
  const auto whole = layer(x, Packing(std::vector{3, 3}), {&state, 1});
  for (int t = 0; t < 3; ++t) {
    state = cell(slice(x, 0, 2 * t, 2 * t + 2), state);
    CHECK(close({whole.output.value().data + t * 4, 4},
                Vector(state.hidden.value().begin(), state.hidden.value().end())));
  }
  CHECK(close({whole.final[0].cell.value().data, 4}, Vector(state.cell.value().begin(), state.cell.value().end())));
  CHECK(cell.zero_state(3).cell.shape() == Shape{3, 2});
}

TEST_CASE("lstm: dropout between layers, in training mode only, and not on the last output") {
  const std::vector<int> lengths{4, 4};
  LSTM two(nullptr, "rnn", 3, 8, {.layers = 2, .dropout = Real(0.5)}),
      one(nullptr, "rnn", 3, 8, {.dropout = Real(0.5)});
  const auto output_of = [&](LSTM& lstm, std::uint64_t seed) {
    const Tape tape(Tape::Record, seed);
    const ConstArray y = lstm(random_tensor({2, 4, 3}, 1), lengths).output.value();
    return std::vector<Real>(y.begin(), y.end());
  };
  CHECK(output_of(two, 1) == output_of(two, 1));
  CHECK(output_of(two, 1) != output_of(two, 2));
  CHECK(output_of(one, 1) == output_of(one, 2));
  CHECK(std::ranges::count(output_of(two, 1), Real{0}) == 0);
  two.eval();
  CHECK(output_of(two, 1) == output_of(two, 2));
}

TEST_CASE("lstm: a batch that does not fit is refused") {
  LSTM lstm(nullptr, "rnn", 3, 2);
  const Tape tape;
  const Tensor x = full({2, 4, 3}, 1);
  CHECK_THROWS_WITH_AS(lstm(x, std::vector{4}),
                       "recurrent: the input is (2, 4, 3) with 1 lengths; need (B, S, in) and B lengths [in rnn]",
                       Error);
  CHECK_THROWS_WITH_AS(lstm(x, std::vector{4, 5}),
                       "recurrent: length 5 of sequence 1 is outside of 1 to 4, the steps of (2, 4, 3) [in rnn]",
                       Error);
  CHECK_THROWS_AS(lstm(x, std::vector{4, 0}), Error);
  CHECK_THROWS_AS(lstm(full({2, 4, 5}, 1), std::vector{4, 4}), Error);
  const std::vector<LstmState> two(2);
  CHECK_THROWS_WITH_AS(lstm(full({4, 3}, 1), Packing(std::vector{4}), two),
                       "recurrent: 2 initial states; need 1, one for each layer and direction [in rnn]", Error);
  CHECK_THROWS_AS(LSTM(nullptr, "rnn", 3, 2, {.layers = 0}), Error);
}

TEST_CASE("recurrent: gradients") {
  const RecurrentOptions options[] = {
      {.layers = 1}, {.layers = 2, .bidirectional = true}, {.layers = 3, .dropout = Real(0.3)}};
  for (const RecurrentOptions& option : options) {
    LSTM lstm(nullptr, "lstm", 2, 3, option);
    GRU gru(nullptr, "gru", 2, 3, option);
    RNN rnn(nullptr, "rnn", 2, 3, option);
    for (const std::vector<int>& lengths : {std::vector{2, 3}, std::vector{1}, std::vector{1, 3, 2}}) {
      const int batch = lengths.size(), steps = std::ranges::max(lengths);
      gradcheck(
          "LSTM", {{batch, steps, 2}},
          [&](Tensor x) {
            const auto result = lstm(x, lengths);
            std::vector outputs{result.output};
            for (const LstmState& state : result.final) outputs.insert(outputs.end(), {state.hidden, state.cell});
            return outputs;
          },
          lstm.parameters());
      gradcheck(
          "GRU", {{batch, steps, 2}},
          [&](Tensor x) {
            const auto result = gru(x, lengths);
            std::vector outputs{result.output};
            outputs.insert(outputs.end(), result.final.begin(), result.final.end());
            return outputs;
          },
          gru.parameters());
      gradcheck(
          "RNN", {{batch, steps, 2}},
          [&](Tensor x) {
            const auto result = rnn(x, lengths);
            std::vector outputs{result.output};
            outputs.insert(outputs.end(), result.final.begin(), result.final.end());
            return outputs;
          },
          rnn.parameters());
    }
  }
}

TEST_CASE("recurrent: gradients of a packed layer by its initial state") {
  LSTM lstm(nullptr, "lstm", 2, 3);
  gradcheck(
      "LSTM", {{5, 2}, {3, 3}, {3, 3}},
      [&](Tensor x, Tensor h, Tensor c) {
        const LstmState initial{h, c};
        const auto result = lstm(x, Packing(std::vector{3, 1, 1}), {&initial, 1});
        return std::vector{result.output, result.final[0].hidden, result.final[0].cell};
      },
      lstm.parameters());
}
