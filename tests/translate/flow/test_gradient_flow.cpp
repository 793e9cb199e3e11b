#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string_view>

#include "autograd/error.h"
#include "autograd/inspect/finite_differences.h"
#include "autograd/names.h"
#include "examples/translate/flow/gradient_flow.h"
#include "ops/cross_entropy.h"
#include "ops/fused/unfused.h"
#include "ops/layout.h"
#include "tests/support/numbers.h"
#include "tests/support/randomize.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

struct Variant {
  const char* name;
  std::function<void(ModelConfig&)> change;
};

void no_attention(ModelConfig& c) { c.attention = attention_named(AttentionKind::None, c.attention); }
void luong_attention(ModelConfig& c) { c.attention = attention_named(AttentionKind::Luong, c.attention); }

/// Every cell with and without attention, and all that decides which states there are.
const std::vector<Variant> kVariants = {
    {"lstm", [](ModelConfig&) {}},
    {"lstm, no attention", [](ModelConfig& c) { no_attention(c); }},
    {"gru", [](ModelConfig& c) { c.cell = CellKind::Gru; }},
    {"gru, no attention", [](ModelConfig& c) { c.cell = CellKind::Gru, no_attention(c); }},
    {"gru-reset-before", [](ModelConfig& c) { c.cell = CellKind::GruResetBefore; }},
    {"rnnenc",
     [](ModelConfig& c) {
       c.cell = CellKind::GruResetBefore, no_attention(c);
       c.bidirectional = false, c.fixed_context = true, c.readout = Readout::Maxout;
     }},
    {"rnn", [](ModelConfig& c) { c.cell = CellKind::Rnn; }},
    {"rnn, no attention", [](ModelConfig& c) { c.cell = CellKind::Rnn, no_attention(c); }},
    {"layer norm, lstm", [](ModelConfig& c) { c.layer_norm = true; }},
    {"layer norm, gru", [](ModelConfig& c) { c.layer_norm = true, c.cell = CellKind::Gru; }},
    {"layer norm, gru-reset-before", [](ModelConfig& c) { c.layer_norm = true, c.cell = CellKind::GruResetBefore; }},
    {"layer norm, rnn", [](ModelConfig& c) { c.layer_norm = true, c.cell = CellKind::Rnn; }},
    {"gru, two layers", [](ModelConfig& c) { c.cell = CellKind::Gru, c.encoder_layers = c.decoder_layers = 2; }},
    {"luong, two layers, reversed",
     [](ModelConfig& c) {
       luong_attention(c), c.bidirectional = false, c.reverse_source = true;
       c.encoder_layers = c.decoder_layers = 2, c.bridge = Bridge::Copy;
     }},
    {"two layers, both directions, tied, maxout",
     [](ModelConfig& c) {
       c.encoder_layers = c.decoder_layers = 2, c.readout = Readout::Maxout;
       c.tied_embeddings = TiedEmbeddings::All;
     }},
};

constexpr int S = 4, T = 3, kHidden = 6;
const Pair kPair{{4, 8, 5, kEnd}, {6, 7, kEnd}};

ModelConfig flow_config(const Variant& variant) {
  ModelConfig config = ModelConfig().with_words(9, 9);
  config.attention_size = config.embedding = 3;
  config.hidden = kHidden;
  config.embedding_deviation = 1;
  variant.change(config);
  return config;
}

/// -log p(y_t | y_1 … y_{t-1}, x) of the only pair of a batch.
Tensor word_loss(Seq2Seq& model, const Batch& batch, int t) {
  return cross_entropy(slice(model.logits(batch), 0, t, t + 1), std::span(batch.target_outputs).subspan(t, 1));
}

/// loss_t in the scope in which each state is a tensor.
LossFunction loss_function(Seq2Seq& model, const Batch& batch, int t) {
  return [&model, &batch, t] {
    const Unfused unfused;
    return word_loss(model, batch, t);
  };
}

Batch batch_of(const Pair& pair) {
  const int first = 0;
  return make_batch({&pair, 1}, {&first, 1});
}

/// Hidden states that a tape holds, found by what they are, not by their order: those with the numbers `wanted`.
const Node* state_with(const Tape& tape, std::string_view path, const Real* wanted, int size) {
  for (const Node* node : tape.nodes()) {
    const char* const name = name_of(*node);
    if (name == nullptr || std::string_view(name) != "h" || !std::string_view(node->path).starts_with(path)) continue;
    bool same = static_cast<int>(node->shape.size()) == size;
    for (int i = 0; same && i < size; ++i) same = std::abs(node->value[i] - wanted[i]) < 1e-5;
    if (same) return node;
  }
  return nullptr;
}

/// ‖∂loss_t/∂state‖ by finite differences of each of its numbers.
double slope_norm(const LossFunction& loss, double value, std::size_t node, int size) {
  std::vector<SlopeQuery> queries;
  for (int i = 0; i < size; ++i)
    queries.push_back({.node = node, .index = static_cast<std::size_t>(i), .gradient = 0.1});
  double sum = 0;
  for (const FiniteDifference& found : finite_differences(loss, 1, value, queries, 60))
    sum += found.slope() * found.slope();
  return std::sqrt(sum);
}

/// Norms by finite differences of the states that the (fused) encoder gives, columns [begin, begin + size) of each
/// word.
StateNorms slope_norms(Seq2Seq& model, int begin, int size) {
  const Batch batch = batch_of(kPair);
  std::vector<Real> states;
  int cols = 0;
  {
    const Tape tape(Tape::Inference);
    const Packing packing(batch.source_lengths);
    const Tensor all = model.encoder()(batch.source_ids, packing, &model.decoder().embedding_weight()).states;
    cols = all.dim(1);
    states.assign(all.value().begin(), all.value().end());
  }
  StateNorms norms{T, S, {}};
  for (int t = 0; t < T; ++t) {
    const LossFunction loss = loss_function(model, batch, t);
    std::vector<std::size_t> nodes;
    double value = 0;
    {
      Tape tape(Tape::Record, 1);
      const Tensor first = full({}, 0);
      value = loss().item();
      for (int s = 0; s < S; ++s) {
        const Node* const node = state_with(tape, "encoder", states.data() + s * cols + begin, size);
        REQUIRE(node != nullptr);
        nodes.push_back(node->id - first.node().id - 1);
      }
    }
    for (const std::size_t node : nodes) norms.norms.push_back(slope_norm(loss, value, node, size));
  }
  return norms;
}

void check_close(const StateNorms& got, const StateNorms& wanted) {
  REQUIRE(got.words == wanted.words);
  REQUIRE(got.states == wanted.states);
  double got_sum = 0, wanted_sum = 0;
  for (std::size_t i = 0; i < wanted.norms.size(); ++i) {
    CAPTURE(i);
    CHECK(got.norms[i] == doctest::Approx(wanted.norms[i]).epsilon(1e-4));
    got_sum += got.norms[i];
    wanted_sum += wanted.norms[i];
  }
  CHECK(wanted_sum > 1e-3);
  CHECK(got_sum == doctest::Approx(wanted_sum).epsilon(1e-4));
}

}

TEST_CASE("gradient flow: norms are those of finite differences of -log p(y_t) by each state of the encoder" *
          doctest::skip(!kGradcheck)) {
  for (const Variant& variant : kVariants) {
    CAPTURE(std::string(variant.name));
    Seq2Seq model(flow_config(variant));
    randomize(model);
    const GradientFlow flow = gradient_flow(model, kPair);
    const int size = model.config().bidirectional ? kHidden / 2 : kHidden;
    check_close(flow.forward, slope_norms(model, 0, size));
    CHECK(flow.backward.empty() == !model.config().bidirectional);
    if (model.config().bidirectional) check_close(flow.backward, slope_norms(model, size, size));
  }
}

TEST_CASE(
    "gradient flow: the decoder's states have the gradients of finite differences, and no word reads a later one") {
  for (const Variant& variant : kVariants) {
    CAPTURE(std::string(variant.name));
    Seq2Seq model(flow_config(variant));
    randomize(model);
    const GradientFlow flow = gradient_flow(model, kPair);
    REQUIRE(flow.decoder.words == T);
    REQUIRE(flow.decoder.states == T);
    const Batch batch = batch_of(kPair);
    for (int t = 0; t < T; ++t) {
      for (int own = t + 1; own < T; ++own) CHECK(flow.decoder.at(t, own) == 0);
    }
    CHECK(flow.decoder.at(T - 1, 0) > 0);
    if (!kGradcheck) continue;
    const LossFunction loss = loss_function(model, batch, T - 1);
    std::vector<std::size_t> nodes;
    double value = 0;
    {
      Tape tape(Tape::Record, 1);
      const Tensor first = full({}, 0);
      value = loss().item();
      for (const Node* node : tape.nodes()) {
        const char* const name = name_of(*node);
        const std::string top = model.config().decoder_layers == 2 ? "decoder.cell_l1" : "decoder.cell";
        if (name != nullptr && std::string_view(name) == "h" && node->path == top)
          nodes.push_back(node->id - first.node().id - 1);
      }
    }
    REQUIRE(nodes.size() == T);
    for (int own = 0; own < T; ++own)
      CHECK(flow.decoder.at(T - 1, own) == doctest::Approx(slope_norm(loss, value, nodes[own], kHidden)).epsilon(1e-4));
  }
}

TEST_CASE("gradient flow: parameters and their gradients are as they were") {
  Seq2Seq model(flow_config(kVariants[0]));
  for (Parameter* parameter : model.parameters()) parameter->grad()[0] = 7;
  model.parameters().back()->frozen = true;
  gradient_flow(model, kPair);
  for (const Parameter* parameter : model.parameters()) {
    CHECK(parameter->grad()[0] == 7);
    CHECK(parameter->frozen == (parameter == model.parameters().back()));
  }
}

TEST_CASE("gradient flow: a long target gives what the beginning of it gives, which it is cut in pieces for") {
  for (const CellKind cell : {CellKind::Lstm, CellKind::Gru, CellKind::GruResetBefore}) {
    Seq2Seq model(flow_config({"", [&](ModelConfig& c) { c.cell = cell; }}));
    randomize(model);
    Pair whole = kPair;
    for (int i = 0; i < 20; ++i) whole.target.insert(whole.target.begin(), 4 + i % 5);
    Pair begun = whole;
    begun.target.resize(18);
    const GradientFlow a = gradient_flow(model, whole), b = gradient_flow(model, begun);
    REQUIRE(a.decoder.words == 23);
    for (int t = 0; t < 18; ++t) {
      for (int s = 0; s < S; ++s) CHECK(a.forward.at(t, s) == doctest::Approx(b.forward.at(t, s)).epsilon(1e-3));
      for (int own = 0; own < 18; ++own)
        CHECK(a.decoder.at(t, own) == doctest::Approx(b.decoder.at(t, own)).epsilon(1e-3));
    }
  }
}

TEST_CASE("gradient flow: distance is the number of steps by the recurrence") {
  CHECK(encoder_distance(7, 6, 0, false) == 1);  // →h_S, s₀, s_1
  CHECK(encoder_distance(7, 0, 4, false) == 11);
  CHECK(encoder_distance(7, 0, 0, true) == 1);
  CHECK(encoder_distance(7, 6, 4, true) == 11);
}

TEST_CASE(
    "gradient flow: in a plain RNN with small recurrent weights it dies geometrically, in one direction and the "
    "other") {
  for (const bool reversed : {false, true}) {
    ModelConfig config = flow_config({"", [](ModelConfig& c) { c.cell = CellKind::Rnn, no_attention(c); }});
    config.bidirectional = false;
    config.reverse_source = reversed;
    Seq2Seq model(config);
    for (Parameter* parameter : model.parameters()) {
      if (parameter->name().find("encoder.embedding") != std::string::npos)  // tanh stays steep
        for (Real& number : parameter->value()) number *= Real(0.1);
      if (parameter->name().find("rnn.weight_hh") == std::string::npos) continue;
      for (int i = 0; i < kHidden; ++i) {
        for (int j = 0; j < kHidden; ++j) parameter->value().row(i)[j] = i == j ? Real(0.5) : Real(0);
      }
    }
    const Pair pair{{4, 5, 6, 7, 8, 4, 5, 6, 7, kEnd}, {6, kEnd}};
    const GradientFlow flow = gradient_flow(model, pair);
    CHECK(flow.reversed == reversed);
    for (int t = 0; t < 2; ++t) {
      for (int s = 0; s + 1 < 10; ++s) {
        const double early = flow.forward.at(t, reversed ? 9 - s : s),
                     late = flow.forward.at(t, reversed ? 8 - s : s + 1);
        CHECK(early <= 0.5001 * late);  // ‖W‖ = 1/2, and the slope of tanh is at most 1
        CHECK(early > 0.4 * late);
      }
    }
  }
}

TEST_CASE("gradient flow: a Transformer has no states through time") {
  ModelConfig config = flow_config({"", [](ModelConfig& c) {
                                      c.architecture = Architecture::Transformer;
                                      c.embedding = c.hidden = 4;
                                      c.heads = 2;
                                    }});
  Seq2Seq model(config);
  CHECK_THROWS_WITH_AS(gradient_flow(model, kPair),
                       "gradient_flow: the model is a Transformer: no state of it goes on from step to step, so no "
                       "gradient flows through time",
                       Error);
}
