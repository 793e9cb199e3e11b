#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/model/model.h"
#include "tests/support/randomize.h"

/// Models that write while they read see nothing of what is still to come.

using namespace gradus;
using namespace gradus::translate;

namespace {

ModelConfig simultaneous_config() {
  ModelConfig config = ModelConfig().with_words(9, 9);
  config.attention_size = config.embedding = 3;
  config.heads = config.positions = 2;
  config.hidden = 4;
  config.embedding_deviation = 1;
  config.bidirectional = false;
  config.bridge = Bridge::Zero;
  config.attention.scope = "wait-k";
  return config;
}

/// The scores of the words at every step, and how many words of the source each is made from.
struct Written {
  std::vector<Real> logits;
  std::vector<int> delays;
};

Written write(Seq2Seq& model, const Pair& pair) {
  const Tape tape(Tape::Inference);
  const Batch batch = make_batch({&pair, 1}, std::vector{0});
  const ConstArray logits = model.logits(batch).value();
  Written written{{logits.begin(), logits.end()}, {}};
  auto [source, state] = model.encode(batch);
  for (const int word : batch.target_inputs) {
    const Decoder::Step step = model.decoder().step(model.decoder().embed({&word, 1}), state, source);
    state = step.state;
    written.delays.push_back(static_cast<int>(step.output.delay.item()));
  }
  return written;
}

/// Changes the words behind each position, and looks at all scores that were made before them. Returns whether any
/// score of the others changed.
bool check_blind(const ModelConfig& config, Real stop_offset = 0) {
  Seq2Seq model(config);
  randomize(model);
  for (Parameter* const parameter : model.parameters()) {
    if (parameter->name().find("stop_offset") != std::string::npos) parameter->value()[0] = stop_offset;
  }
  model.eval();
  const std::vector<int> target = {6, 7, 4, 5, kEnd};
  const Pair pair{{4, 5, 6, 7, 8, kEnd}, target};
  const Written before = write(model, pair);
  const auto words = static_cast<int>(before.logits.size() / target.size());
  bool sees_the_rest = false;
  for (int read = 1; read < static_cast<int>(pair.source.size()); ++read) {
    Pair changed = pair;
    for (std::size_t j = read; j < changed.source.size(); ++j) changed.source[j] = 4 + (changed.source[j] - 3) % 5;
    const Written after = write(model, changed);
    for (std::size_t t = 0; t < target.size(); ++t) {
      CAPTURE(read);
      CAPTURE(t);
      const bool is_same = std::equal(before.logits.begin() + t * words, before.logits.begin() + (t + 1) * words,
                                      after.logits.begin() + t * words);
      if (before.delays[t] <= read) CHECK(is_same);
      sees_the_rest |= !is_same;
    }
  }
  return sees_the_rest;
}

struct SimultaneousVariant {
  const char* name;
  std::function<void(ModelConfig&)> change;
};

const std::vector<SimultaneousVariant> kSimultaneousVariants = {
    {"plain", [](ModelConfig&) {}},
    {"bridge learned", [](ModelConfig& c) { c.bridge = Bridge::Learned; }},
    {"gru", [](ModelConfig& c) { c.cell = CellKind::Gru; }},
    {"gru-reset-before", [](ModelConfig& c) { c.cell = CellKind::GruResetBefore; }},
    {"rnn, layer norm", [](ModelConfig& c) { c.cell = CellKind::Rnn, c.layer_norm = true; }},
    {"three layers, residual", [](ModelConfig& c) { c.encoder_layers = c.decoder_layers = 3, c.residual = true; }},
    {"coverage", [](ModelConfig& c) { c.attention.coverage = true; }},
    {"input feeding, context gate",
     [](ModelConfig& c) { c.attention.input_feeding = c.attention.context_gate = true; }},
    {"maxout", [](ModelConfig& c) { c.readout = Readout::Maxout; }},
    {"direct readout, tied", [](ModelConfig& c) { c.readout = Readout::Direct; }},
    {"tied tables", [](ModelConfig& c) { c.tied_embeddings = TiedEmbeddings::All; }},
};

}

TEST_CASE("simultaneous: no score of a word depends on what is read after it") {
  for (const int k : {1, 3}) {
    CAPTURE(k);
    for (const SimultaneousVariant& variant : kSimultaneousVariants) {
      for (const AttendWhen attend : {AttendWhen::Before, AttendWhen::After}) {
        CAPTURE(std::string(variant.name));
        ModelConfig config = simultaneous_config();
        config.wait_k = k;
        config.attention.attend = attend;
        variant.change(config);
        CHECK(check_blind(config));
      }
    }
  }
}

TEST_CASE("simultaneous: nor if attention itself decides how far to read") {
  int seen = 0, models = 0;
  for (const ScopeKind scope : {"monotonic", "mocha"}) {
    for (const SimultaneousVariant& variant : kSimultaneousVariants) {
      for (const AttendWhen attend : {AttendWhen::Before, AttendWhen::After}) {
        CAPTURE(std::string(variant.name));
        ModelConfig config = simultaneous_config();
        config.attention.scope = scope;
        config.attention.attend = attend;
        config.chunk = 2;
        variant.change(config);
        bool sees = false;
        for (const double offset : {-1.0, -0.5, -0.2, 0.0, 0.2, 0.5, 1.0}) sees |= check_blind(config, Real(offset));
        seen += sees;
        ++models;
      }
    }
  }
  CHECK(3 * seen > models);  // the others stop at the first word or nowhere
}

TEST_CASE("simultaneous: that holds of every score and normaliser") {
  for (const std::string score : choice_names<ScoreKind>()) {
    for (const Normalizer normalizer : {Normalizer::Softmax, Normalizer::Sparsemax}) {
      CAPTURE(score);
      ModelConfig config = simultaneous_config();
      config.positions = 6;
      config.wait_k = 2;
      config.attention.coverage = true;
      config.attention.score = choice_named<ScoreKind>(score);
      config.attention.normalizer = normalizer;
      CHECK(check_blind(config));
    }
  }
}

TEST_CASE("simultaneous: a model that would see what is still to come is refused, with what to do") {
  const std::string need =
      "model: scope wait-k reads the source as it comes, from the first word on; need an encoder that reads forward "
      "only (--no-bidirectional, --no-reverse-source) and --bridge zero or learned; here are ";
  const auto check = [&](const std::function<void(ModelConfig&)>& change, const char* found) {
    ModelConfig config = simultaneous_config();
    change(config);
    CHECK_THROWS_WITH_AS(Seq2Seq{config}, (need + found).c_str(), Error);
  };
  check([](ModelConfig& c) { c.bidirectional = true; }, "both directions and bridge zero");
  check([](ModelConfig& c) { c.reverse_source = true; }, "a reversed source and bridge zero");
  check([](ModelConfig& c) { c.bridge = Bridge::Last; }, "one direction and bridge last");
  check([](ModelConfig& c) { c.bridge = Bridge::Mean; }, "one direction and bridge mean");
  check([](ModelConfig& c) { c.bridge = Bridge::Copy; }, "one direction and bridge copy");
  check([](ModelConfig& c) { c.bidirectional = true, c.bridge = Bridge::Backward; },
        "both directions and bridge backward");
}
