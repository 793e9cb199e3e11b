#include <doctest/doctest.h>

#include "autograd/gradcheck.h"
#include "nn/recurrent_cells.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "tests/reference/twins.h"

using namespace gradus;

TEST_CASE("recurrent cells: gradients") {
  LSTMCell lstm_cell(nullptr, "cell", 2, 3);
  GRUCell gru_cell(nullptr, "cell", 2, 3);
  RNNCell rnn_cell(nullptr, "cell", 2, 3), relu_cell(nullptr, "cell", 2, 3, Nonlinearity::Relu);
  for (const int batch : {1, 2, 5}) {
    gradcheck(
        "LSTMCell", {{batch, 2}, {batch, 3}, {batch, 3}},
        [&](Tensor x, Tensor h, Tensor c) {
          const LstmState next = lstm_cell(x, {h, c});
          return std::vector{next.hidden, next.cell};
        },
        lstm_cell.parameters());
    gradcheck(
        "GRUCell", {{batch, 2}, {batch, 3}}, [&](Tensor x, Tensor h) { return gru_cell(x, h); }, gru_cell.parameters());
    for (RNNCell* const cell : {&rnn_cell, &relu_cell}) {
      gradcheck(
          "RNNCell", {{batch, 2}, {batch, 3}}, [&](Tensor x, Tensor h) { return (*cell)(x, h); }, cell->parameters());
    }
  }
}

// The norms of a cell are modules with tests of their own; here they stand where the formulas have them.
TEST_CASE("recurrent cells: normalised sums, by the formulas") {
  constexpr int H = 3;
  LayerNormLSTMCell lstm(nullptr, "lstm", 2, H);
  LayerNormGRUCell gru(nullptr, "gru", 2, H);
  LayerNormResetBeforeGRUCell before(nullptr, "before", 2, H);
  LayerNormRNNCell rnn(nullptr, "rnn", 2, H);
  const Tape tape;
  const Tensor x = some({4, 2}, 1), h = some({4, H}, 2), c = some({4, H}, 3);
  const auto product = [](Tensor x, Tensor weight) { return matmul(x, transpose(weight)); };
  const auto part = [](Tensor gates, int i) { return slice(gates, -1, i * H, (i + 1) * H); };
  const auto first_two = [](Tensor gates) { return slice(gates, -1, 0, 2 * H); };
  const auto check = [](Tensor actual, Tensor expected) {
    check_numbers_close("hidden or cell", actual.value(), expected.value());
  };

  const Tensor a = lstm.norm_ih(product(x, lstm.weight_ih)) + lstm.norm_hh(product(h, lstm.weight_hh));
  const Tensor cell = sigmoid(part(a, 1)) * c + sigmoid(part(a, 0)) * tanh(part(a, 2));
  check(lstm.step({&x, 1}, {h, c}).cell, cell);
  check(lstm.step({&x, 1}, {h, c}).hidden, sigmoid(part(a, 3)) * tanh(lstm.norm_cell(cell)));

  Tensor in = product(x, gru.weight_ih), own = product(h, gru.weight_hh);
  Tensor gates = sigmoid(gru.norm_ih(first_two(in)) + gru.norm_hh(first_two(own)));  // r and z
  Tensor n = tanh(gru.norm_ih_n(part(in, 2)) + part(gates, 0) * gru.norm_hh_n(part(own, 2)));
  check(gru.step({&x, 1}, {h, {}}).hidden, (1 - part(gates, 1)) * n + part(gates, 1) * h);

  in = product(x, before.weight_ih);
  gates = sigmoid(before.norm_ih(first_two(in)) + before.norm_hh(product(h, before.weight_hh)));
  n = tanh(before.norm_ih_n(part(in, 2)) + before.norm_hh_n(product(part(gates, 0) * h, before.weight_hn)));
  check(before.step({&x, 1}, {h, {}}).hidden, (1 - part(gates, 1)) * h + part(gates, 1) * n);

  const Tensor sum = product(x, rnn.weight_ih) + product(h, rnn.weight_hh);
  check(rnn.step({&x, 1}, {h, {}}).hidden, tanh(rnn.norm(sum)));
}
