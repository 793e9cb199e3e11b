#include <doctest/doctest.h>

#include <functional>

#include "nn/attention_scores.h"
#include "nn/layers.h"
#include "nn/optim/optimizer.h"
#include "nn/recurrent.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/norm.h"
#include "ops/reduce.h"
#include "ops/sequence/embedding.h"
#include "ops/softmax.h"
#include "tests/golden/golden.h"

using namespace gradus;

TEST_CASE("golden: functions of one tensor") {
  const std::map<std::string, Tensor (*)(Tensor)> ops = {
      {"exp", exp},
      {"tanh", tanh},
      {"sigmoid", sigmoid},
      {"relu", relu},
      {"gelu", gelu},
      {"square", square},
      {"clamp", [](Tensor x) { return clamp(x, -1.5, 2); }},
      {"log", log},
      {"sqrt", sqrt},
      {"pow", [](Tensor x) { return pow(x, 2.5); }},
      {"sum", [](Tensor x) { return sum(x, 1); }},
      {"mean", [](Tensor x) { return mean(x, 0); }},
      {"max", [](Tensor x) { return max(x, -1); }},
      {"softmax", softmax},
      {"log_softmax", log_softmax},
  };
  for (const auto& [name, op] : ops) {
    GoldenCase golden("ops", name);
    golden.check({{"y", op(golden.input("input"))}});
  }
}

TEST_CASE("golden: elementwise ops with broadcasting") {
  const std::map<std::string, Tensor (*)(Tensor, Tensor)> ops = {
      {"add", add}, {"sub", sub}, {"mul", mul}, {"div", div}};
  for (const auto& [name, op] : ops) {
    GoldenCase golden("ops", name);
    golden.check({{"y", op(golden.input("input"), golden.input("other"))}});
  }
}

TEST_CASE("golden: products") {
  {
    GoldenCase golden("ops", "matmul");
    golden.check({{"y", matmul(golden.input("input"), golden.input("other"))}});
  }
  GoldenCase golden("ops", "batched_matmul");
  golden.check({{"y", batched_matmul(golden.input("input"), golden.input("mat2"))}});
}

TEST_CASE("golden: layer_norm") {
  GoldenCase golden("ops", "layer_norm");
  golden.check({{"y", layer_norm(golden.input("input"), golden.input("weight"), golden.input("bias"))}});
}

TEST_CASE("golden: linear and embedding, of variables and of parameters") {
  for (const auto kind : {GoldenCase::Variable, GoldenCase::Parameter}) {
    {
      GoldenCase golden("ops", "linear");
      golden.check({{"y", linear(golden.input("input"), golden.input("weight", kind), golden.input("bias", kind))}});
    }
    GoldenCase golden("ops", "embedding");
    golden.check({{"y", embedding(golden.input("weight", kind), golden.ints("ids"))}});
  }
}

TEST_CASE("golden: softmax with a mask") {
  GoldenCase golden("ops", "masked_softmax");
  const std::vector<int> mask = golden.ints("mask");
  const std::vector<Real> numbers(mask.begin(), mask.end());
  golden.check({{"y", softmax(golden.input("input"), constant({4, 6}, numbers))}});
}

TEST_CASE("golden: cross-entropy, with an ignored target, label smoothing and a divisor") {
  for (const std::string suffix : {"", "_smoothed"}) {
    CrossEntropyOptions options{.label_smoothing = Real(suffix.empty() ? 0 : 0.1), .ignored = 0};
    {
      GoldenCase golden("ops", "cross_entropy" + suffix);
      golden.check({{"y", cross_entropy(golden.input("logits"), golden.ints("targets"), options)}});
    }
    for (const auto kind : {GoldenCase::Variable, GoldenCase::Parameter}) {
      GoldenCase golden("ops", "linear_cross_entropy" + suffix);
      golden.check({{"y", linear_cross_entropy(golden.input("x"), golden.input("weight", kind),
                                               golden.input("bias", kind), golden.ints("targets"), options)}});
    }
    GoldenCase golden("ops", "cross_entropy" + suffix + "_sum");
    options.divisor = static_cast<Real>(golden.ints("divisor").front());
    golden.check({{"y", cross_entropy(golden.input("logits"), golden.ints("targets"), options)}});
  }
}

namespace {

/// The final states of all layers and directions.   n × (B, H) -> (n, B, H)
Tensor hidden_states(std::span<const LstmState> states) {
  std::vector<Tensor> parts;
  for (const LstmState& state : states) parts.push_back(state.hidden);
  return stack(parts);
}
Tensor cell_states(std::span<const LstmState> states) {
  std::vector<Tensor> parts;
  for (const LstmState& state : states) parts.push_back(state.cell);
  return stack(parts);
}

/// The one state of a case with an initial state.   (1, B, H) -> (B, H)
Tensor initial_state(GoldenCase& golden, const std::string& name) {
  const Tensor state = golden.input(name);
  return reshape(state, {state.dim(1), state.dim(2)});
}

constexpr int kIn = 3, kHidden = 4;

const std::map<std::string, Nonlinearity> kNonlinearities = {{"rnn_tanh", Nonlinearity::Tanh},
                                                             {"rnn_relu", Nonlinearity::Relu}};

}

TEST_CASE("golden: LSTM, GRU and RNN, stacked, bidirectional, over ragged sequences in any order") {
  for (const int layers : {1, 2}) {
    for (const bool bidirectional : {false, true}) {
      const RecurrentOptions options{.layers = layers, .bidirectional = bidirectional};
      const std::string suffix = fmt::format("_{}_{}", layers, bidirectional ? "bi" : "uni");
      {
        GoldenCase golden("recurrent", "lstm" + suffix);
        LSTM lstm(nullptr, "", kIn, kHidden, options);
        golden.load(lstm);
        const auto [output, final] = lstm(golden.input("x"), golden.ints("lengths"));
        golden.check({{"output", output}, {"hidden", hidden_states(final)}, {"cell", cell_states(final)}});
      }
      GoldenCase golden("recurrent", "gru" + suffix);
      GRU gru(nullptr, "", kIn, kHidden, options);
      golden.load(gru);
      const auto [output, final] = gru(golden.input("x"), golden.ints("lengths"));
      golden.check({{"output", output}, {"hidden", stack(final)}});
      for (const auto& [name, nonlinearity] : kNonlinearities) {
        GoldenCase golden("recurrent", name + suffix);
        RNN rnn(nullptr, "", kIn, kHidden, options, nonlinearity);
        golden.load(rnn);
        const auto [output, final] = rnn(golden.input("x"), golden.ints("lengths"));
        golden.check({{"output", output}, {"hidden", stack(final)}});
      }
    }
  }
}

TEST_CASE("golden: LSTM with an initial state") {
  GoldenCase golden("recurrent", "lstm_initial");
  const Packing packing(golden.ints("lengths"));
  LSTM lstm(nullptr, "", kIn, kHidden);
  golden.load(lstm);
  const LstmState initial{initial_state(golden, "h"), initial_state(golden, "c")};
  const auto [output, final] = lstm(pack(golden.input("x"), packing), packing, {&initial, 1});
  golden.check({{"output", unpack(output, packing)}, {"hidden", hidden_states(final)}, {"cell", cell_states(final)}});
}

TEST_CASE("golden: GRU with an initial state") {
  GoldenCase golden("recurrent", "gru_initial");
  const Packing packing(golden.ints("lengths"));
  GRU gru(nullptr, "", kIn, kHidden);
  golden.load(gru);
  const Tensor initial = initial_state(golden, "h");
  const auto [output, final] = gru(pack(golden.input("x"), packing), packing, {&initial, 1});
  golden.check({{"output", unpack(output, packing)}, {"hidden", stack(final)}});
}

TEST_CASE("golden: RNN with an initial state") {
  for (const auto& [name, nonlinearity] : kNonlinearities) {
    GoldenCase golden("recurrent", name + "_initial");
    const Packing packing(golden.ints("lengths"));
    RNN rnn(nullptr, "", kIn, kHidden, {}, nonlinearity);
    golden.load(rnn);
    const Tensor initial = initial_state(golden, "h");
    const auto [output, final] = rnn(pack(golden.input("x"), packing), packing, {&initial, 1});
    golden.check({{"output", unpack(output, packing)}, {"hidden", stack(final)}});
  }
}

TEST_CASE("golden: LSTMCell, GRUCell and RNNCell") {
  {
    GoldenCase golden("recurrent", "lstm_cell");
    LSTMCell cell(nullptr, "", kIn, kHidden);
    golden.load(cell);
    const LstmState state = cell(golden.input("x"), {golden.input("h"), golden.input("c")});
    golden.check({{"hidden", state.hidden}, {"cell", state.cell}});
  }
  GoldenCase golden("recurrent", "gru_cell");
  GRUCell cell(nullptr, "", kIn, kHidden);
  golden.load(cell);
  golden.check({{"y", cell(golden.input("x"), golden.input("h"))}});
  for (const auto& [name, nonlinearity] : kNonlinearities) {
    GoldenCase golden("recurrent", name + "_cell");
    RNNCell cell(nullptr, "", kIn, kHidden, nonlinearity);
    golden.load(cell);
    golden.check({{"y", cell(golden.input("x"), golden.input("h"))}});
  }
}

TEST_CASE("golden: attention over memories of ragged lengths") {
  constexpr int hidden = 6, size = 3;
  DotAttention dot(nullptr, ""), scaled_dot(nullptr, "", DotAttention::InverseSqrt);
  GeneralAttention general(nullptr, "", hidden, hidden);
  AdditiveAttention additive(nullptr, "", hidden, hidden, size);
  ConcatAttention concat(nullptr, "", hidden, hidden, size);
  MultiHeadAttention multi_head(nullptr, "", hidden, hidden, 2);
  CosineAttention cosine(nullptr, "", hidden, hidden);
  LocationAttention location(nullptr, "", hidden, 4);
  const std::map<std::string, Attention*> kinds = {
      {"dot", &dot},       {"scaled_dot", &scaled_dot}, {"general", &general}, {"additive", &additive},
      {"concat", &concat}, {"multi_head", &multi_head}, {"cosine", &cosine},   {"location", &location}};
  for (const auto& [name, attention] : kinds) {
    GoldenCase golden("attention", name);
    golden.load(*attention);
    const KeysValues memory = attention->prepare(golden.input("memory"), golden.ints("lengths"));
    const Attended attended = (*attention)(golden.input("query"), memory);
    golden.check({{"context", attended.context}, {"weights", attended.weights}});
  }
}

TEST_CASE("golden: ten steps of every optimiser") {
  using Parameters = std::vector<Parameter*>;
  using Make = std::function<std::unique_ptr<Optimizer>(const Parameters&)>;
  const std::map<std::string, Make> kinds = {
      {"sgd",
       [](const Parameters& p) {
         return std::make_unique<SGD>(p, SgdOptions{0.1, 0, false, 0.1});
       }},
      {"sgd_momentum",
       [](const Parameters& p) {
         return std::make_unique<SGD>(p, SgdOptions{0.1, 0.9});
       }},
      {"sgd_nesterov",
       [](const Parameters& p) {
         return std::make_unique<SGD>(p, SgdOptions{0.1, 0.9, true});
       }},
      {"adagrad", [](const Parameters& p) { return std::make_unique<Adagrad>(p, AdagradOptions{0.1}); }},
      {"adagrad_decay",
       [](const Parameters& p) {
         return std::make_unique<Adagrad>(p, AdagradOptions{0.1, 0.2, 0.1});
       }},
      {"adadelta", [](const Parameters& p) { return std::make_unique<Adadelta>(p); }},
      {"adadelta_decay",
       [](const Parameters& p) {
         return std::make_unique<Adadelta>(p, AdadeltaOptions{1, 0.95, 0.1});
       }},
      {"adam", [](const Parameters& p) { return std::make_unique<Adam>(p, AdamOptions{0.01}); }},
      {"adam_decay",
       [](const Parameters& p) {
         return std::make_unique<Adam>(p, AdamOptions{0.01, 0.8, 0.99, 0.1});
       }},
      {"adamw",
       [](const Parameters& p) {
         return std::make_unique<AdamW>(p, AdamWOptions{0.01, 0.9, 0.999, 0.1});
       }},
      {"rmsprop", [](const Parameters& p) { return std::make_unique<RMSprop>(p, RmspropOptions{0.1}); }},
      {"rmsprop_momentum",
       [](const Parameters& p) {
         return std::make_unique<RMSprop>(p, RmspropOptions{0.1, 0.9, 1e-8, 0.1, 0.8});
       }},
      {"rmsprop_centered",
       [](const Parameters& p) {
         return std::make_unique<RMSprop>(p, RmspropOptions{.learning_rate = 0.1, .momentum = 0.5, .centered = true});
       }},
  };
  for (const auto& [name, make] : kinds) {
    const Golden golden(name.starts_with("rmsprop") ? "rmsprop" : "optimizers");
    Module root;
    Parameter parameter(&root, "start", {3, 4});
    golden.load(root, name + "/input/");
    const auto optimizer = make(root.parameters());
    const Golden::Entry gradients = golden.at(name + "/input/gradients"), values = golden.at(name + "/output/values");
    for (std::size_t begin = 0; begin < gradients.values.size(); begin += parameter.size()) {
      std::copy_n(&gradients.values[begin], parameter.size(), parameter.grad().begin());
      optimizer->step();
      const auto first = values.values.begin() + static_cast<std::ptrdiff_t>(begin);
      check_close(name, parameter.value(), {parameter.shape(), {first, first + parameter.size()}});
    }
  }
}

TEST_CASE("golden: gradient clipping by the global norm") {
  const Golden golden("optimizers");
  for (const std::string name : {"clip", "clip_not_needed"}) {
    Module root;
    Parameter a(&root, "a", {3, 4}), b(&root, "b", {5}), c(&root, "c", {2, 2});
    for (Parameter* parameter : root.parameters()) {
      const Golden::Entry gradient = golden.at(name + "/input/" + parameter->name());
      std::copy(gradient.values.begin(), gradient.values.end(), parameter->grad().begin());
    }
    const Real limit = golden.at(name + "/index/limit").values[0];
    const Real norm = static_cast<Real>(clip_grad_norm(root.parameters(), limit));
    check_close(name + ": norm", {&norm, 1}, golden.at(name + "/output/norm"));
    for (Parameter* parameter : root.parameters()) {
      check_close(name + ": " + parameter->name(), parameter->grad(), golden.at(name + "/output/" + parameter->name()));
    }
  }
}
