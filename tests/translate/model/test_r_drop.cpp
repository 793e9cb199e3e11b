#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/model/model.h"
#include "tests/support/numbers.h"
#include "tests/support/randomize.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

struct Kind {
  const char* name;
  void (*change)(ModelConfig&);
};
const Kind kKinds[] = {
    {"bahdanau", [](ModelConfig&) {}},
    {"luong", [](ModelConfig& c) { c.attention = attention_named(AttentionKind::Luong, c.attention); }},
    {"no attention, recurrent dropout",
     [](ModelConfig& c) {
       c.attention = attention_named(AttentionKind::None, c.attention), c.recurrent_dropout = 0.3;
     }},
    {"hard", [](ModelConfig& c) { c.attention.scope = "hard"; }},
    {"convolution", [](ModelConfig& c) { c.architecture = Architecture::Convolution; }},
    {"transformer",
     [](ModelConfig& c) { c.architecture = Architecture::Transformer, c.embedding = 4, c.feed_forward = 5; }},
};

ModelConfig r_drop_config(const Kind& kind) {
  ModelConfig config = ModelConfig().with_words(9, 9);
  config.attention_size = config.embedding = 3;
  config.heads = 2;
  config.hidden = 4;
  config.dropout = 0.3;
  config.embedding_deviation = 1;
  kind.change(config);
  return config;
}

const std::vector<Pair> kRDropPairs = {
    {{4, 5, kEnd}, {6, kEnd}}, {{8, kEnd}, {4, 4, 7, kEnd}}, {{5, 6, 7, kEnd}, {kEnd}}};
const std::vector<int> kAll = {0, 1, 2};

/// With the same dropout at each call.
double loss_of(Seq2Seq& model, const Batch& batch, Real divisor, Real weight) {
  const Tape tape(Tape::Inference, 7);
  return static_cast<double>(model.loss(batch, {.divisor = divisor, .r_drop = weight}).item());
}

}

TEST_CASE("R-Drop: the two of each pair stay together, word by word") {
  const Batch batch = make_batch(kRDropPairs, twice(kAll));
  CHECK(batch.pairs == std::vector{1, 1, 0, 0, 2, 2});
  for (std::size_t i = 0; i < batch.target_outputs.size(); i += 2)
    CHECK(batch.target_outputs[i] == batch.target_outputs[i + 1]);
}

TEST_CASE("R-Drop: two passes without dropout are one, and with it what they differ by counts as the weight says") {
  for (const Kind& kind : kKinds) {
    CAPTURE(std::string(kind.name));
    Seq2Seq model(r_drop_config(kind));
    randomize(model);
    model.eval();
    const Batch both = make_batch(kRDropPairs, twice(kAll));
    CHECK(loss_of(model, both, 2, 5) ==
          doctest::Approx(loss_of(model, make_batch(kRDropPairs, kAll), 1, 0)).epsilon(1e-5));
    model.train();
    const double none = loss_of(model, both, 2, Real(1e-6)), once = loss_of(model, both, 2, 1);
    CHECK(once > none + 1e-3);
    CHECK(loss_of(model, both, 2, 5) - none == doctest::Approx(5 * (once - none)).epsilon(1e-2));
  }
}

TEST_CASE("R-Drop: gradients" * doctest::skip(!kGradcheck)) {
  for (const Kind& kind : kKinds) {
    CAPTURE(std::string(kind.name));
    const ModelConfig config = r_drop_config(kind);
    if (std::string(kind.name) == "hard") continue;  // whose gradient is REINFORCE's estimate
    Seq2Seq model(config);
    randomize(model);
    const Batch batch = make_batch(kRDropPairs, twice(kAll));
    gradcheck(kind.name, {}, [&] { return model.loss(batch, {.label_smoothing = Real(0.1), .r_drop = 3}); },
              model.parameters(), {.step = 1e-6});
  }
}
