#include <doctest/doctest.h>

#include <numeric>

#include "examples/translate/model/model.h"
#include "nn/optim/optimizer.h"
#include "nn/parallel/data_parallel.h"
#include "tests/golden/golden.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

constexpr Real kLabelSmoothing = Real(0.1);

/// A translator and four sentence pairs of unequal lengths, as PyTorch had them.
struct GoldenModel {
  GoldenModel(const std::string& name, const ModelConfig& config) : golden("model_" + name), model(config) {
    golden.load(model, "start/parameter/");
    const std::vector<std::vector<int>> sources = sentences("source"), targets = sentences("target");
    for (std::size_t i = 0; i < sources.size(); ++i) {
      pairs.push_back({sources[i], targets[i]});
      words += static_cast<int>(targets[i].size());
    }
    all.resize(pairs.size());
    std::iota(all.begin(), all.end(), 0);
  }

  /// The rows of an index without their padding.
  std::vector<std::vector<int>> sentences(const std::string& side) const {
    const std::vector<int> ids = golden.ints("start/index/" + side);
    const int longest = golden.at("start/index/" + side).shape[1];
    std::vector<std::vector<int>> rows;
    for (auto begin = ids.begin(); begin != ids.end(); begin += longest) {
      rows.emplace_back(begin, std::find(begin, begin + longest, 0));
    }
    return rows;
  }

  void check_parameters(const std::string& when) {
    for (const NamedArray& parameter : state_dict(model)) {
      check_close(when + parameter.name, parameter.array, golden.at(when + parameter.name));
    }
  }

  Golden golden;
  Seq2Seq model;
  std::vector<Pair> pairs;
  std::vector<int> all;
  int words = 0;
};

ModelConfig recurrent_config(AttentionKind attention) {
  ModelConfig config = ModelConfig().with_words(13, 11);
  config.attention = attention_named(attention);
  config.attention_size = 5;
  config.embedding = 4;
  config.hidden = 6;
  config.dropout = 0;
  return config;
}

ModelConfig transformer_config() {
  ModelConfig config = ModelConfig().with_words(13, 11);
  config.architecture = Architecture::Transformer;
  config.heads = config.encoder_layers = config.decoder_layers = 2;
  config.embedding = config.hidden = 6;
  config.feed_forward = 5;
  config.dropout = 0;
  return config;
}

/// (B, T, V) padded, of all pairs -> (rows, V), packed as the batch's targets.
Golden::Entry pack_logits(const Golden::Entry& padded, const Batch& batch, const Packing& packing) {
  const int steps = padded.shape[1], vocabulary = padded.shape[2];
  Golden::Entry packed{{packing.rows(), vocabulary}, {}};
  packed.values.resize(packed.shape.size());
  for (int i = 0; i < packing.batch(); ++i) {
    for (int t = 0; t < packing.length(i); ++t) {
      std::copy_n(&padded.values[(batch.pairs[i] * steps + t) * vocabulary], vocabulary,
                  &packed.values[packing.row(i, t) * vocabulary]);
    }
  }
  return packed;
}

void check_logits(GoldenModel& g) {
  const Tape tape(Tape::Inference);
  const Batch batch = make_batch(g.pairs, g.all);
  const Packing packing(batch.target_lengths);
  check_close("logits", g.model.logits(batch).value(), pack_logits(g.golden.at("start/output/logits"), batch, packing));
}

Tensor loss_of_shard(GoldenModel& g, std::span<const int> shard) {
  return g.model.loss(make_batch(g.pairs, shard),
                      {.label_smoothing = kLabelSmoothing, .divisor = static_cast<Real>(g.words)});
}

void check_gradients(GoldenModel& g) {
  for (const Parameter* parameter : g.model.parameters()) {
    check_close("gradient of " + parameter->name(), parameter->grad(),
                g.golden.at("start/gradient/" + parameter->name()));
  }
}

/// Ten steps of Adam with clipping, the batch cut into shards.
void check_training(GoldenModel& g, int shards) {
  DataParallel parallel(g.model, 1, shards);
  Adam adam(g.model.parameters());
  const std::vector<std::vector<int>> cut = cut_shards(g.pairs, g.all, shards);
  const Golden::Entry losses = g.golden.at("run/output/losses"), norms = g.golden.at("run/output/norms");
  const double limit = g.golden.at("run/index/clip").values[0];
  std::vector<Real> actual_losses, actual_norms;
  for (int step = 1; step <= 10; ++step) {
    actual_losses.push_back(
        static_cast<Real>(parallel.step(step, [&](int shard) { return loss_of_shard(g, cut[shard]); })));
    if (step == 1) check_gradients(g);
    const double norm = grad_norm(g.model.parameters());
    actual_norms.push_back(static_cast<Real>(norm));
    adam.step({.grad_scale = clip_factor(norm, limit), .zero_grads = true});
    if (step == 1) g.check_parameters("step_1/parameter/");
  }
  g.check_parameters("step_10/parameter/");
  check_close("losses", actual_losses, losses);
  check_close("norms", actual_norms, norms);
}

void check_model(const std::string& name, AttentionKind attention) {
  {
    GoldenModel golden(name, recurrent_config(attention));
    CHECK(golden.golden.below("start/parameter/").size() == golden.model.parameters().size());
    check_logits(golden);
  }
  for (const int shards : {1, 2}) {
    GoldenModel golden(name, recurrent_config(attention));
    check_training(golden, shards);
  }
}

}

TEST_CASE("golden: Bahdanau's translator, its logits, gradients and ten steps of Adam") {
  check_model("bahdanau", AttentionKind::Bahdanau);
}

TEST_CASE("golden: Luong's translator, its logits, gradients and ten steps of Adam") {
  check_model("luong", AttentionKind::Luong);
}

TEST_CASE("golden: the translator without attention, its logits, gradients and ten steps of Adam") {
  check_model("none", AttentionKind::None);
}

TEST_CASE("golden: a translator of torch.nn's Transformer, its logits and gradients") {
  for (const int shards : {1, 2}) {
    GoldenModel golden("transformer", transformer_config());
    CHECK(golden.golden.below("start/parameter/").size() == golden.model.parameters().size());
    check_logits(golden);
    DataParallel parallel(golden.model, 1, shards);
    const std::vector<std::vector<int>> cut = cut_shards(golden.pairs, golden.all, shards);
    const Real loss = static_cast<Real>(parallel.step(1, [&](int shard) { return loss_of_shard(golden, cut[shard]); }));
    check_close("loss", {&loss, 1}, golden.golden.at("start/output/loss"));
    check_gradients(golden);
  }
}
