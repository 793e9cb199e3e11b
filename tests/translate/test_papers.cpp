#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/model/attentive_decoder.h"
#include "examples/translate/model/model.h"
#include "nn/recurrent_cells.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/softmax.h"
#include "tests/reference/twins.h"
#include "tests/support/numbers.h"

/// The papers' models, equation by equation.

using namespace gradus;
using namespace gradus::translate;

namespace {

const std::vector<Pair> kPaperPairs = {{{4, 8, 5, kEnd}, {6, 7, kEnd}}, {{8, kEnd}, {4, kEnd}}};

Batch first_pair() { return make_batch(kPaperPairs, std::vector{0}); }

ModelConfig paper_config() {
  ModelConfig config = ModelConfig().with_words(9, 9);
  config.attention_size = config.embedding = 6;
  config.hidden = 8;
  config.dropout = 0;
  return config;
}

ModelConfig rnnsearch() {
  ModelConfig config = paper_config();
  config.cell = CellKind::GruResetBefore;
  config.bridge = Bridge::Backward;
  config.readout = Readout::Maxout;
  config.initial_values = InitialValues::Bahdanau;
  return config;
}

ModelConfig rnnenc() {
  ModelConfig config = rnnsearch();
  config.attention = attention_named(AttentionKind::None, config.attention);
  config.bidirectional = false;
  config.bridge = Bridge::Last;
  config.fixed_context = true;
  return config;
}

ModelConfig luong() {
  ModelConfig config = paper_config();
  config.attention = attention_named(AttentionKind::Luong, config.attention);
  config.attention.score = "general";
  config.bidirectional = false;
  config.reverse_source = true;
  config.encoder_layers = config.decoder_layers = 2;
  config.bridge = Bridge::Copy;
  config.readout = Readout::Direct;
  config.initial_values = InitialValues::Luong;
  return config;
}

Parameter& parameter(Module& model, const std::string& name) {
  for (Parameter* const found : model.parameters()) {
    if (found->name() == name) return *found;
  }
  fail("test: no parameter {}", name);
}

/// x Wᵀ + b, of a layer with these names.
Tensor layer(Module& model, const std::string& name, Tensor x) {
  const Tensor y = matmul(x, transpose(Tensor(parameter(model, name + ".weight"))));
  for (Parameter* const found : model.parameters()) {
    if (found->name() == name + ".bias") return y + Tensor(*found);
  }
  return y;
}

/// h' of the GRU of Bahdanau et al. 2014, section A.1.1.
Tensor gru(Module& model, const std::string& name, Tensor x, Tensor h) {
  const int H = h.dim(1);
  const auto part = [&](const char* weight, int k) {
    return slice(Tensor(parameter(model, name + weight)), 0, k * H, (k + 1) * H);
  };
  const auto input = [&](int k) { return matmul(x, transpose(part(".weight_ih", k))) + part(".bias", k); };
  const Tensor r = sigmoid(input(0) + matmul(h, transpose(part(".weight_hh", 0))));
  const Tensor z = sigmoid(input(1) + matmul(h, transpose(part(".weight_hh", 1))));
  const Tensor n = tanh(input(2) + matmul(r * h, transpose(part(".weight_hn", 0))));
  return (1 - z) * h + z * n;
}

/// The state after a step of an LSTM with PyTorch's gates i, f, g, o.
LstmState lstm(Module& model, const std::string& name, Tensor x, const LstmState& state) {
  const int H = state.hidden.dim(1);
  const auto gate = [&](int k) {
    const auto rows = [&](const char* part) {
      return slice(Tensor(parameter(model, name + part)), 0, k * H, (k + 1) * H);
    };
    return matmul(x, transpose(rows(".weight_ih"))) + rows(".bias_ih") +
           matmul(state.hidden, transpose(rows(".weight_hh"))) + rows(".bias_hh");
  };
  const Tensor c = sigmoid(gate(1)) * state.cell + sigmoid(gate(0)) * tanh(gate(2));
  return {sigmoid(gate(3)) * tanh(c), c};
}

Tensor word(Module& model, const std::string& table, int id) {
  return slice(Tensor(parameter(model, table + ".embedding.weight")), 0, id, id + 1);
}

std::span<const LstmState> layers_of(const DecoderState& state) { return state.as<AttentiveState>().recurrent.layers; }

/// Larger than at first, so that no part is without effect.
void enlarge(Seq2Seq& model) {
  int seed = 0;
  for (Parameter* const p : model.parameters()) {
    const std::vector<Real> numbers = some_numbers(p->size(), ++seed);
    for (std::size_t i = 0; i < numbers.size(); ++i) p->value()[i] = Real(0.5) * numbers[i];
  }
}

/// max(t̃_2j, t̃_2j+1)
Tensor maxout(Tensor x) {
  Tensor y = full({1, x.dim(1) / 2}, 0);
  for (int j = 0; j < y.dim(1); ++j) y.value()[j] = std::max(x.value()[2 * j], x.value()[2 * j + 1]);
  return y;
}

void check_close(ConstArray actual, ConstArray expected) {
  check_numbers_close("numbers", {actual.begin(), actual.end()}, {expected.begin(), expected.end()});
}

}

TEST_CASE("papers: the GRU with its reset gate before the product") {
  ResetBeforeGRUCell cell(nullptr, "cell", 3, 4);
  const auto step = [&](Tensor x, Tensor h) { return cell.step({&x, 1}, {h, {}}).hidden; };
  {
    const Tape tape;
    const Tensor x = constant({2, 3}, some_numbers(6, 1)), h = constant({2, 4}, some_numbers(8, 2));
    check_close(step(x, h).value(), gru(cell, "cell", x, h).value());
  }
  gradcheck("ResetBeforeGRUCell", {{2, 3}, {2, 4}}, step, cell.parameters());
}

TEST_CASE("papers: RNNsearch begins with attention that is exactly uniform") {
  Seq2Seq model(rnnsearch());
  const Tape tape(Tape::Inference);
  const auto [source, state] = model.encode(first_pair());
  const Tensor embedded = model.decoder().embed(std::vector{kBegin});
  for (const Real weight : model.decoder().step(embedded, state, source).output.weights.value())
    CHECK(weight == Real(0.25));
}

TEST_CASE("papers: RNNsearch, word by word") {
  Seq2Seq model(rnnsearch());
  enlarge(model);
  const Tape tape;
  const std::vector<int>&source = kPaperPairs[0].source, &target = kPaperPairs[0].target;
  const int S = static_cast<int>(source.size()), H = 8;

  // h_j = [h_j forward; h_j backward] (3.2)
  std::vector<Tensor> forward(S), backward(S), states(S);
  Tensor h = full({1, H / 2}, 0);
  for (int j = 0; j < S; ++j) forward[j] = h = gru(model, "encoder.rnn.l0", word(model, "encoder", source[j]), h);
  h = full({1, H / 2}, 0);
  for (int j = S - 1; j >= 0; --j) {
    backward[j] = h = gru(model, "encoder.rnn.l0_reverse", word(model, "encoder", source[j]), h);
  }
  for (int j = 0; j < S; ++j) states[j] = concat({forward[j], backward[j]}, 1);

  Tensor s = tanh(layer(model, "decoder.bridge_hidden", backward[0]));  // s_0 = tanh(W_s h_1 backward) (A.2.2)
  const ConstArray logits = model.logits(first_pair()).value();
  for (std::size_t i = 0; i < target.size(); ++i) {
    const Tensor y = word(model, "decoder", i == 0 ? kBegin : target[i - 1]);
    std::vector<Tensor> scores;  // e_ij = v_aᵀ tanh(W_a s_{i-1} + U_a h_j) (A.1.2)
    for (const Tensor state : states) {
      const Tensor inner = layer(model, "decoder.attention.query", s) + layer(model, "decoder.attention.key", state);
      scores.push_back(layer(model, "decoder.attention.score", tanh(inner)));
    }
    const Tensor weights = softmax(concat(scores, 1));
    const Tensor c = matmul(weights, concat(states, 0));
    const Tensor t = maxout(layer(model, "decoder.pre_output", concat({s, c, y}, 1)));  // of s_{i-1} (A.2.2)
    check_close({logits.row(i), {1, 9}}, layer(model, "decoder.output", t).value());
    s = gru(model, "decoder.cell", concat({y, c}, 1), s);
  }
}

TEST_CASE("papers: RNNenc, word by word") {
  Seq2Seq model(rnnenc());
  enlarge(model);
  const Tape tape;
  Tensor h = full({1, 8}, 0);
  for (const int id : kPaperPairs[0].source) h = gru(model, "encoder.rnn.l0", word(model, "encoder", id), h);
  const Tensor c = tanh(layer(model, "decoder.fixed_context", h));
  Tensor s = tanh(layer(model, "decoder.bridge_hidden", c));
  const ConstArray logits = model.logits(first_pair()).value();
  const std::vector<int>& target = kPaperPairs[0].target;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const Tensor y = word(model, "decoder", i == 0 ? kBegin : target[i - 1]);
    s = gru(model, "decoder.cell", concat({y, c}, 1), s);
    const Tensor t = maxout(layer(model, "decoder.pre_output", concat({s, c, y}, 1)));
    check_close({logits.row(i), {1, 9}}, layer(model, "decoder.output", t).value());
  }
}

TEST_CASE("papers: Luong's decoder begins where the encoder of the reversed source ended, layer by layer") {
  Seq2Seq model(luong());
  ModelConfig forward_config = luong();
  forward_config.reverse_source = false;
  Seq2Seq forward(forward_config);  // with the same values
  model.eval();
  forward.eval();
  const Tape tape(Tape::Inference);
  const Pair reversed{{kPaperPairs[0].source.rbegin(), kPaperPairs[0].source.rend()}, kPaperPairs[0].target};
  const Batch batch = make_batch({&reversed, 1}, std::vector{0});
  const auto [source, state] = model.encode(first_pair());
  const auto [forward_source, forward_state] = forward.encode(batch);
  const std::span layers = layers_of(state), forward_layers = layers_of(forward_state);
  REQUIRE(layers.size() == 2);
  for (int l = 0; l < 2; ++l) {
    check_close(layers[l].hidden.value(), forward_layers[l].hidden.value());
    check_close(layers[l].cell.value(), forward_layers[l].cell.value());
  }
  // Each state is with its own word all the same, and that of the first word is the last one.
  const ConstArray values = source[0].values.value(), forward_values = forward_source[0].values.value();
  for (int j = 0; j < 4; ++j) check_close({values.row(j), {8}}, {forward_values.row(3 - j), {8}});
  check_close({values.row(0), {1, 8}}, layers[1].hidden.value());
}

TEST_CASE("papers: Luong's decoder, word by word") {
  constexpr int S = 4, D = 1;
  ModelConfig config = luong();
  config.attention.scope = "local-p";
  config.window = D;
  Seq2Seq model(config);
  enlarge(model);
  model.eval();
  const Tape tape(Tape::Inference);
  const auto [source, start] = model.encode(first_pair());
  const Tensor states = source[0].values;  // (S, H)
  LstmState lower = layers_of(start)[0], upper = layers_of(start)[1];
  Tensor fed = full({1, 8}, 0);
  const std::vector<int>& target = kPaperPairs[0].target;
  const ConstArray logits = model.logits(first_pair()).value();
  for (std::size_t t = 0; t < target.size(); ++t) {
    const Tensor y = word(model, "decoder", t == 0 ? kBegin : target[t - 1]);
    lower = lstm(model, "decoder.cell", concat({y, fed}, 1), lower);  // input feeding (3.3)
    upper = lstm(model, "decoder.cell_l1", lower.hidden, upper);
    const Tensor h = upper.hidden;
    const Tensor inner = tanh(layer(model, "decoder.attention.window_inner", h));
    const double p = S * double(sigmoid(layer(model, "decoder.attention.window_centre", inner)).item());  // eq. 9
    const Tensor scores = matmul(h, transpose(layer(model, "decoder.attention.key", states)));  // eq. 8, general
    Tensor window = full({1, S}, 0), gaussian = full({1, S}, 0);
    for (int s = 0; s < S; ++s) {
      window.value()[s] = std::abs(s - p) <= D ? 1 : 0;
      gaussian.value()[s] = static_cast<Real>(std::exp(-(s - p) * (s - p) / (2 * 0.25 * D * D)));  // eq. 10, σ = D/2
    }
    const Tensor c = matmul(softmax(scores, window) * gaussian, states);
    fed = tanh(layer(model, "decoder.attentional", concat({c, h}, 1)));                 // eq. 5
    check_close({logits.row(t), {1, 9}}, layer(model, "decoder.output", fed).value());  // eq. 6
  }
}

TEST_CASE("papers: coverage, the context gate, feeding and local-m in a decoder that attends before, word by word") {
  constexpr int S = 4, D = 1;
  ModelConfig config = rnnsearch();
  config.attention.coverage = config.attention.context_gate = config.attention.input_feeding = true;
  config.attention.scope = "local-m";
  config.window = D;
  Seq2Seq model(config);
  enlarge(model);
  const Tape tape;
  const auto [source, start] = model.encode(first_pair());
  const Tensor states = source[0].values;
  Tensor s = layers_of(start)[0].hidden, fed = full({1, config.embedding}, 0), coverage = full({1, S}, 0);
  const std::vector<int>& target = kPaperPairs[0].target;
  const ConstArray logits = model.logits(first_pair()).value();
  for (int t = 0; t < static_cast<int>(target.size()); ++t) {
    const Tensor y = word(model, "decoder", t == 0 ? kBegin : target[t - 1]);
    const Tensor inner =
        tanh(layer(model, "decoder.attention.query", s) + layer(model, "decoder.attention.key", states));
    const Tensor scores = transpose(layer(model, "decoder.attention.score", inner)) +
                          layer(model, "decoder.attention.coverage", s) * coverage;
    Tensor window = full({1, S}, 0);
    for (int j = std::max(0, t - D); j <= t + D && j < S; ++j) window.value()[j] = 1;
    const Tensor weights = softmax(scores, window);
    coverage = coverage + weights;
    const Tensor seen = matmul(weights, states);
    const Tensor c = sigmoid(layer(model, "decoder.context_gate", concat({y, s, seen}, 1))) * seen;
    const Tensor previous = s;
    s = gru(model, "decoder.cell", concat({y, c, fed}, 1), s);
    fed = maxout(layer(model, "decoder.pre_output", concat({previous, c, y}, 1)));
    check_close({logits.row(t), {1, 9}}, layer(model, "decoder.output", fed).value());
  }
}

TEST_CASE("papers: first values") {
  const auto deviation = [](const Parameter& p) {
    double squares = 0;
    for (const Real x : p.value()) squares += double(x) * double(x);
    return std::sqrt(squares / double(p.size()));
  };
  ModelConfig config = rnnsearch();
  config.embedding = config.hidden = config.attention_size = 64;
  Seq2Seq bahdanau(config);
  CHECK(deviation(parameter(bahdanau, "decoder.attention.query.weight")) == doctest::Approx(0.001).epsilon(0.05));
  CHECK(deviation(parameter(bahdanau, "decoder.attention.key.weight")) == doctest::Approx(0.001).epsilon(0.05));
  CHECK(deviation(parameter(bahdanau, "decoder.attention.score.weight")) == 0);
  CHECK(deviation(parameter(bahdanau, "decoder.cell.weight_ih")) == doctest::Approx(0.01).epsilon(0.05));
  CHECK(deviation(parameter(bahdanau, "encoder.embedding.weight")) == doctest::Approx(0.01).epsilon(0.05));
  CHECK(deviation(parameter(bahdanau, "decoder.output.bias")) == 0);
  int orthogonal = 0;
  for (Parameter* const p : bahdanau.parameters()) {
    CAPTURE(p->name());
    if (p->shape().rank() == 1) CHECK(deviation(*p) == 0);
    if (p->name().find(".weight_hh") == std::string::npos && p->name().find(".weight_hn") == std::string::npos)
      continue;
    const int H = p->shape()[1];
    for (int gate = 0; gate < p->shape()[0] / H; ++gate) {
      ++orthogonal;
      for (const int i : {0, 5}) {
        for (const int j : {0, 5}) {
          const Real* const a = p->value().row(gate * H + i);
          const Real* const b = p->value().row(gate * H + j);
          CHECK(std::inner_product(a, a + H, b, Real(0)) == doctest::Approx(i == j ? 1 : 0).epsilon(1e-4));
        }
      }
    }
  }
  CHECK(orthogonal == 9);  // U, U_z and U_r of the decoder and of both directions of the encoder
  Seq2Seq luongs(luong());
  for (Parameter* const p : luongs.parameters()) {
    const auto [low, high] = std::minmax_element(p->value().begin(), p->value().end());
    CHECK(*low >= Real(-0.1));
    CHECK(*high <= Real(0.1));
    CHECK(deviation(*p) > 0.02);
  }
}

TEST_CASE("papers: what contradicts itself is refused") {
  const auto error = [](const std::function<void(ModelConfig&)>& change) -> std::string {
    ModelConfig config = paper_config();
    change(config);
    try {
      Seq2Seq model(config);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(error([](ModelConfig&) {}).empty());
  const std::string fixed =
      "model: fixed_context needs attention none, and a bridge that reads the encoder: last, mean, backward or copy";
  CHECK(error([](ModelConfig& c) { c.fixed_context = true; }) == fixed);
  CHECK(error([](ModelConfig& c) { c = rnnenc(), c.bridge = Bridge::Zero; }) == fixed);
  CHECK(error([](ModelConfig& c) { c.reverse_source = true; }) ==
        "model: reverse_source needs an encoder of one direction; one of both reads backwards already");
  CHECK(error([](ModelConfig& c) { c.bridge = Bridge::Backward, c.bidirectional = false; }) ==
        "model: bridge backward needs a bidirectional encoder; one direction that reads backwards is reverse_source");
  CHECK(error([](ModelConfig& c) { c.bridge = Bridge::Copy, c.decoder_layers = 2; }) ==
        "model: bridge copy needs as many layers of the encoder as of the decoder; there are 1 and 2");
  CHECK(error([](ModelConfig& c) { c.readout = Readout::Direct, c.tied_embeddings = TiedEmbeddings::Target; }) ==
        "model: tied_embeddings needs an output layer that reads as many numbers as a word vector has, 6; readout "
        "direct reads 22");
}
