#include <doctest/doctest.h>

#include "nn/layers.h"
#include "nn/recurrent.h"
#include "ops/fused/recurrent.h"
#include "ops/layout.h"
#include "ops/norm.h"
#include "ops/sequence/embedding.h"
#include "tests/reference/twins.h"
#include "tests/support/complaint.h"
#include "tests/support/numbers.h"
#include "tests/support/randomize.h"

using namespace gradus;

namespace {

using Lengths = std::vector<int>;

std::vector<Tensor> parts(const LstmOutput& y) { return {y.output, y.final.hidden, y.final.cell}; }

/// A layer and its options by name, for what all kinds have in common.
template <class Layer>
void check_gradients(const char* name, const RecurrentOptions& options) {
  CAPTURE(std::string(name));
  Layer layer(nullptr, name, 3, 4, options);
  randomize(layer);
  const Lengths lengths = {2, 3, 1};
  gradcheck(
      name, {{3, 3, 3}}, [&](Tensor x) { return layer(x, lengths).output; }, layer.parameters());
}

}

TEST_CASE("recurrent ops without base and bias agree with their twins") {
  const Lengths lengths = {3, 2, 2};
  for (const bool reverse : {false, true}) {
    const auto lstm = [&](auto op) {
      return [&, op](Tensor x, Tensor w, Tensor w_hh, Tensor h, Tensor c) {
        return parts(op({}, {{x, w}}, w_hh, {h, c}, Packing(lengths), reverse, {}));
      };
    };
    check_twins({{7, 3}, {8, 3}, {8, 2}, {3, 2}, {3, 2}}, lstm(lstm_sequence), lstm(unfused::lstm_sequence), 3);
    const auto gru = [&](auto op) {
      return [&, op](Tensor projected, Tensor w_hh, Tensor h) {
        const GruOutput y = op(projected, w_hh, {}, h, Packing(lengths), reverse, {});
        return std::vector{y.output, y.final};
      };
    };
    check_twins({{7, 6}, {6, 2}, {3, 2}}, gru(gru_sequence), gru(unfused::gru_sequence), 2);
    const auto rnn = [&](auto op) {
      return [&, op](Tensor x, Tensor w, Tensor w_hh, Tensor h) {
        const RnnOutput y = op({}, {{x, w}}, w_hh, h, Packing(lengths), reverse, Nonlinearity::Relu, {});
        return std::vector{y.output, y.final};
      };
    };
    check_twins({{7, 3}, {2, 3}, {2, 2}, {3, 2}}, rnn(rnn_sequence), rnn(unfused::rnn_sequence), 2);
  }
  const auto cell = [](auto op) {
    return [op](Tensor x, Tensor w, Tensor c) {
      const LstmState next = op({}, {{x, w}}, c);
      return std::vector{next.hidden, next.cell};
    };
  };
  check_twins({{3, 2}, {8, 2}, {3, 2}}, cell(lstm_cell), cell(unfused::lstm_cell), 2);
  const auto gru = [](auto op) {
    return [op](Tensor projected, Tensor h, Tensor w_hh) { return std::vector{op(projected, h, w_hh, {}, {})}; };
  };
  check_twins({{3, 6}, {3, 2}, {6, 2}}, gru(gru_cell), gru(unfused::gru_cell));
}

TEST_CASE("recurrent layers have the parameters that their options say") {
  LSTM lstm(nullptr, "", 3, 4, {.layers = 2, .bias = false, .proj_size = 2});
  std::vector<std::string> names, shapes;
  for (const Parameter* parameter : lstm.parameters()) {
    names.push_back(parameter->name());
    shapes.push_back(to_string(parameter->shape()));
  }
  CHECK(names == std::vector<std::string>{"weight_ih_l0", "weight_hh_l0", "weight_hr_l0", "weight_ih_l1",
                                          "weight_hh_l1", "weight_hr_l1"});
  CHECK(shapes == std::vector<std::string>{"(16, 3)", "(16, 2)", "(2, 4)", "(16, 2)", "(16, 2)", "(2, 4)"});
  CHECK(lstm.output_size() == 2);
}

TEST_CASE("recurrent layers with a projection, or without bias, pass gradcheck" * doctest::skip(!kGradcheck)) {
  check_gradients<LSTM>("lstm", {.bidirectional = true, .proj_size = 2});
  check_gradients<LSTM>("lstm", {.layers = 2, .bias = false});
  check_gradients<LSTM>("lstm", {.recurrent_dropout = Real(0.5), .proj_size = 2});
  check_gradients<GRU>("gru", {.layers = 2, .bias = false});
  check_gradients<RNN>("rnn", {.bidirectional = true, .bias = false});
}

TEST_CASE("an initial state of padded sequences is in the order of the batch, and gets a gradient") {
  const Lengths lengths = {1, 3, 2};
  GRU gru(nullptr, "", 2, 2);
  const auto run = [&](Tensor x, Tensor h) { return gru(x, lengths, {&h, 1}).output; };
  if (kGradcheck) gradcheck("gru", {{3, 3, 2}, {3, 2}}, run, gru.parameters());
  Tape tape;
  const Tensor x = some({3, 3, 2}, 1), h = some({3, 2}, 2);
  const Tensor all = run(x, h);
  for (int b = 0; b < 3; ++b) {  // a sequence by itself, from its own state
    const Tensor own = slice(h, 0, b, b + 1);
    const Tensor alone = gru(slice(x, 0, b, b + 1), Lengths{lengths[b]}, {&own, 1}).output;
    check_numbers(slice(slice(all, 0, b, b + 1), 1, 0, lengths[b]), numbers(alone), 1e-5);
  }
}

TEST_CASE("a detached state carries over to the next tape what the sequence goes on from") {
  LSTM lstm(nullptr, "", 2, 3, {.layers = 2});
  GRU gru(nullptr, "", 2, 3);
  const std::vector<Real> x = some_numbers(2 * 6 * 2, 1);
  std::vector<double> whole, whole_gru;
  {
    Tape tape;
    const Tensor all = constant({2, 6, 2}, x);
    whole = numbers(slice(lstm(all, Lengths{6, 6}).output, 1, 4, 6));
    whole_gru = numbers(slice(gru(all, Lengths{6, 6}).output, 1, 4, 6));
  }
  DetachedStates<LstmState> state;
  DetachedStates<Tensor> gru_state;
  for (int begin = 0; begin < 6; begin += 2) {
    Tape tape;
    const Tensor chunk = slice(constant({2, 6, 2}, x), 1, begin, begin + 2);
    const auto [output, final] = lstm(chunk, Lengths{2, 2}, state);
    const auto [gru_output, gru_final] = gru(chunk, Lengths{2, 2}, gru_state);
    tape.backward(sum(output) + sum(gru_output));
    state = detach(final);
    gru_state = detach(gru_final);
    if (begin < 4) continue;
    check_numbers(output, whole, 1e-5);
    check_numbers(gru_output, whole_gru, 1e-5);
  }
  Tape tape;
  CHECK(std::span<const LstmState>(state).size() == 2);
  CHECK_FALSE(std::span<const LstmState>(state)[0].hidden.needs_grad());
  const DetachedStates<LstmState> without_cell = detach(LstmState{full({2, 3}, 1), {}});
  CHECK(std::span<const LstmState>(without_cell)[0].hidden.shape() == Shape{2, 3});
  CHECK_FALSE(std::span<const LstmState>(without_cell)[0].cell);
}

TEST_CASE("mistakes in the options of recurrent layers, and in initial states, are named") {
  CHECK(complaint([] { LSTM(nullptr, "lstm", 3, 4, {.proj_size = 4}); }) ==
        "recurrent: proj_size 4 of hidden size 4 in lstm; need less, or 0 for none");
  CHECK(complaint([] { GRU(nullptr, "gru", 3, 4, {.proj_size = 2}); }) ==
        "recurrent: proj_size 2 in gru; only an LSTM has one");
  CHECK(complaint([] { RNN(nullptr, "rnn", 3, 4, {.proj_size = 2}); }) ==
        "recurrent: proj_size 2 in rnn; only an LSTM has one");
  Tape tape;
  LSTM lstm(nullptr, "lstm", 3, 4, {.proj_size = 2});
  const Tensor x = full({2, 3, 3}, 0);
  const LstmState narrow{full({2, 2}, 0), full({2, 2}, 0)}, few{full({1, 2}, 0), full({1, 4}, 0)};
  CHECK(complaint([&] {
          lstm(x, Lengths{3, 3}, {&narrow, 1});
        }) == "recurrent: the initial state is (2, 2) and (2, 2); need (2, 2) and (2, 4) [in lstm]");
  CHECK(complaint([&] {
          lstm(x, Lengths{3, 3}, {&few, 1});
        }) == "recurrent: the initial state is (1, 2); need (B, H) with B = 2 [in lstm]");
}

TEST_CASE("an embedding with padding begins with zeros there and never learns them") {
  for (const int padding : {2, -3}) {
    Embedding embedding(nullptr, "", 5, 3, padding);
    for (const Real number : std::span(embedding.weight.value().row(2), 3)) CHECK(number == 0);
    CHECK(embedding.weight.value().row(1)[0] != 0);
    Tape tape;
    tape.backward(sum(embedding(Lengths{1, 2, 2, 4, 1})));
    check_numbers(embedding.weight.grad(), {0, 0, 0, 2, 2, 2, 0, 0, 0, 0, 0, 0, 1, 1, 1});
  }
  CHECK(complaint([] { Embedding(nullptr, "", 5, 3, 5); }) ==
        "embedding: no such row: padding_idx is 5; need -5 <= padding_idx < 5");
  Tape tape;
  CHECK(complaint([] {
          embedding(full({5, 3}, 0), Lengths{1}, -6);
        }) == "embedding: no such row: padding_idx is -6, weight is (5, 3); need -5 <= padding_idx < 5");
  // A row of padding that is not zero is looked up as any other, without a gradient.
  Tensor table = variable({2, 1}, {3, 4});
  const Tensor y = embedding(table, Lengths{0, 1}, 0);
  check_numbers(y, {3, 4});
  tape.backward(sum(y));
  check_numbers(table.grad(), {0, 1});
  if (!kGradcheck) return;
  CHECK_THROWS_AS(gradcheck("padding", {{2, 1}}, [](Tensor w) { return embedding(w, Lengths{0, 1}, 0); }), Error);
}

TEST_CASE("layer_norm over several axes, and without weight or bias") {
  for (const bool affine : {false, true}) {
    for (const bool with_bias : {false, true}) {
      LayerNorm norm(nullptr, "", {2, 3}, Real(1e-5), affine, with_bias);
      CHECK(norm.parameters().size() == (affine ? 1u + with_bias : 0u));
      randomize(norm);
      if (kGradcheck)
        gradcheck(
            "layer_norm", {{2, 2, 3}}, [&](Tensor x) { return norm(x); }, norm.parameters());
    }
  }
  Tape tape;
  const Tensor x = some({4, 2, 3}, 1), w = some({6}, 2), b = some({6}, 3);
  const Tensor rows = layer_norm(reshape(x, {4, 6}), w, b);
  check_numbers(layer_norm(x, {2, 3}, reshape(w, {2, 3}), reshape(b, {2, 3})), numbers(rows));
  check_numbers(layer_norm(x, reshape(w, {2, 3}), reshape(b, {2, 3})), numbers(rows));
  CHECK(layer_norm(full({0, 3}, 1), {3}).shape() == Shape{0, 3});
  CHECK(complaint([&] { layer_norm(x, {2}); }) ==
        "layer_norm: axes do not fit: x is (4, 2, 3), normalized_shape is (2); need the last axes of x, one or more");
  CHECK(complaint([&] { layer_norm(x, List<int>()); }) ==
        "layer_norm: axes do not fit: x is (4, 2, 3), normalized_shape is (); need the last axes of x, one or more");
  CHECK(complaint([&] { layer_norm(x, {3}, w); }) ==
        "layer_norm: parameters do not fit: one is (6), normalized_shape is (3); need equal shapes");
}
