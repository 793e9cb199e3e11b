#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/program/fresh_model.h"
#include "tests/program/option_tests.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

void check_transformer(OptionTrial& trial) {
  const Fresh with(trial.with);
  CHECK(with.shape("encoder.transformer.layers.0.self_attn.in_proj_weight") == Shape{48, 16});
  CHECK(with.shape("decoder.transformer.layers.0.multihead_attn.out_proj.weight") == Shape{16, 16});
  for (const char* part : {"rnn", "cell", "bridge", "attention"}) CHECK_FALSE(with.mentions(part));
  check_all_learn(trial.with);
}

void check_convolution(OptionTrial& trial) {
  const Fresh with(trial.with);
  CHECK(with.shape("encoder.convolutions.0.weight") == Shape{32, 48});
  CHECK(with.shape("decoder.attentions.0.query.weight") == Shape{16, 16});
  for (const char* part : {"rnn", "cell", "bridge", "self_attn"}) CHECK_FALSE(with.mentions(part));
  check_all_learn(trial.with);
}

void check_kernel_width(OptionTrial& trial) {
  for (const char* side : {"encoder", "decoder"}) {
    const std::string weight = fmt::format("{}.convolutions.0.weight", side);
    CHECK(Fresh(trial.without).shape(weight) == Shape{32, 48});
    CHECK(Fresh(trial.with).shape(weight) == Shape{32, 80});
  }
}

void check_feed_forward(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("encoder.transformer.layers.0.linear1.weight") == Shape{24, 16});
  CHECK(Fresh(trial.with).shape("decoder.transformer.layers.0.linear2.weight") == Shape{16, 24});
}

/// The paper's layers end with a norm, so that the encoder's states have mean 0 and deviation 1; those of pre-norm need
/// one at the end.
void check_post_norm(OptionTrial& trial) {
  CHECK(Fresh(trial.without).has("encoder.transformer.norm.weight"));
  CHECK_FALSE(Fresh(trial.with).has("encoder.transformer.norm.weight"));
  CHECK_FALSE(Fresh(trial.with).has("decoder.transformer.norm.weight"));
  for (const TrainConfig& config : {trial.without, trial.with}) {
    const std::vector<Real> states = encoded(Fresh(config).model);
    CHECK(distance(states, std::vector<Real>(states.size())) ==
          doctest::Approx(std::sqrt(static_cast<double>(states.size()))).epsilon(0.01));
  }
  check_all_learn(trial.with);
}

void check_gru(OptionTrial& trial) {
  const Fresh without(trial.without), with(trial.with);
  for (const char* name : {"decoder.cell.weight_hh", "encoder.rnn.weight_hh_l0"}) {
    const Shape lstm = without.shape(name), gru = with.shape(name);
    CHECK(lstm[0] == 4 * lstm[1]);
    CHECK(gru[0] == 3 * gru[1]);
    CHECK(gru[1] == lstm[1]);
  }
  CHECK(without.has("decoder.bridge_cell.weight"));
  CHECK_FALSE(with.has("decoder.bridge_cell.weight"));
  check_all_learn(trial.with);
}

void check_embedding(OptionTrial& trial) {
  const Fresh with(trial.with);
  CHECK(with.shape("encoder.embedding.weight")[1] == 24);
  CHECK(with.shape("decoder.embedding.weight")[1] == 24);
  CHECK(with.shape("encoder.rnn.weight_ih_l0") == Shape{32, 24});
  CHECK(Fresh(trial.without).shape("encoder.embedding.weight")[1] == 16);
}

void check_hidden(OptionTrial& trial) {
  const Fresh with(trial.with);
  CHECK(with.shape("decoder.cell.weight_hh") == Shape{96, 24});
  CHECK(with.shape("encoder.rnn.weight_hh_l0") == Shape{48, 12});
  CHECK(Fresh(trial.without).shape("decoder.cell.weight_hh") == Shape{64, 16});
}

void check_encoder_layers(OptionTrial& trial) {
  const Fresh without(trial.without), with(trial.with);
  CHECK_FALSE(without.mentions("_l1"));
  CHECK(with.shape("encoder.rnn.weight_ih_l2_reverse") == Shape{32, 16});
  CHECK_FALSE(with.mentions("_l3"));
  CHECK_FALSE(with.mentions("decoder.cell_l1"));
  check_all_learn(trial.with);
}

void check_decoder_layers(OptionTrial& trial) {
  const Fresh without(trial.without), with(trial.with);
  CHECK_FALSE(without.mentions("_l1"));
  CHECK(with.shape("decoder.cell_l2.weight_ih") == Shape{64, 16});
  CHECK(with.has("decoder.bridge_hidden_l2.weight"));
  CHECK_FALSE(with.mentions("_l3"));
  CHECK_FALSE(with.has("encoder.rnn.weight_ih_l1"));
  check_all_learn(trial.with);
}

void check_one_direction(OptionTrial& trial) {
  const Fresh without(trial.without), with(trial.with);
  CHECK(without.mentions("_reverse"));
  CHECK_FALSE(with.mentions("_reverse"));
  CHECK(with.shape("encoder.rnn.weight_hh_l0") == Shape{64, 16});
  check_all_learn(trial.with);
}

/// Second layers without a word of their own leave the first ones' output as it is, if they add it to theirs.
void check_residual(OptionTrial& trial) {
  TrainConfig one_layer = trial.with;
  one_layer.encoder_layers = one_layer.decoder_layers = 1;
  const Fresh without(trial.without), with(trial.with), one(one_layer);
  for (Parameter* parameter : with.model.parameters()) {
    if (parameter->name().find("_l1") != std::string::npos) std::ranges::fill(parameter->value(), Real(0));
  }
  copy_values(with.model, without.model);
  copy_values(with.model, one.model);
  CHECK(with.loss() == doctest::Approx(one.loss()).epsilon(1e-6));
  CHECK(std::abs(without.loss() - one.loss()) > 1e-4);
}

/// Normalised sums do not care how large the weights are.
void check_layer_norm(OptionTrial& trial) {
  const auto change = [](const TrainConfig& config) {
    const Fresh fresh(config);
    const std::vector<Real> before = encoded(fresh.model);
    for (Parameter* parameter : fresh.model.parameters()) {
      if (!parameter->name().starts_with("encoder.rnn.") || parameter->name().find("weight_") == std::string::npos)
        continue;
      for (Real& number : parameter->value()) number *= 4;
    }
    return distance(before, encoded(fresh.model));
  };
  CHECK(Fresh(trial.with).mentions("decoder.cell.norm"));
  CHECK(change(trial.with) < 0.01);
  CHECK(change(trial.without) > 0.2);
  check_all_learn(trial.with);
}

const std::vector<int> kTarget = {8, 5, kEnd};

/// How the translations of two sources of the same length, and of no words at all, are judged.
struct Judged {
  explicit Judged(const TrainConfig& config) {
    const Fresh fresh(config);
    const auto loss = [&](std::vector<int> source) { return fresh.loss({{std::move(source), kTarget}}); };
    first = loss({7, 12, 4, kEnd});
    second = loss({9, 30, 6, kEnd});
    nothing = loss({kEnd});
  }
  double first, second, nothing;
};

void check_mean(OptionTrial& trial) {
  const Judged without(trial.without), with(trial.with);
  CHECK(with.nothing == doctest::Approx(without.nothing).epsilon(1e-7));  // of one state the mean is the last one
  CHECK(with.first != doctest::Approx(without.first).epsilon(1e-7));
  CHECK(with.first != doctest::Approx(with.second).epsilon(1e-7));
  check_all_learn(trial.with);
}

/// Without attention only the bridge tells the decoder about the source.
void check_zero(OptionTrial& trial) {
  const Judged without(trial.without), with(trial.with);
  CHECK(without.first != without.second);
  CHECK(with.first == with.second);
  CHECK(with.first == with.nothing);
  CHECK_FALSE(Fresh(trial.with).mentions("bridge"));
}

void check_learned(OptionTrial& trial) {
  const Judged with(trial.with);
  CHECK(with.first == with.second);
  const Fresh fresh(trial.with);
  CHECK(fresh.shape("decoder.initial_hidden") == Shape{16});
  CHECK(fresh.shape("decoder.initial_cell") == Shape{16});
  trial.with.attention.present = true;  // otherwise nothing lets the encoder learn
  check_all_learn(trial.with);
}

/// The state of a word knows the words that were read before it.
void check_reverse_source(OptionTrial& trial) {
  constexpr int H = 16;
  const auto knows = [](const TrainConfig& config, int row, int changed) {
    std::vector<int> ids = {7, 12, 4, kEnd};
    const Fresh fresh(config);
    const std::vector<Real> before = encoded(fresh.model, ids);
    ids[changed] = 9;
    const std::vector<Real> after = encoded(fresh.model, ids);
    return !std::equal(before.begin() + row * H, before.begin() + (row + 1) * H, after.begin() + row * H);
  };
  CHECK(knows(trial.without, 2, 0));
  CHECK_FALSE(knows(trial.without, 0, 2));
  CHECK_FALSE(knows(trial.with, 2, 0));
  CHECK(knows(trial.with, 0, 2));
}

void check_gru_reset_before(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("encoder.rnn.l0_reverse.weight_hn") == Shape{8, 8});
  CHECK(Fresh(trial.with).shape("decoder.cell.weight_hn") == Shape{16, 16});
  check_all_learn(trial.with);
}

void check_rnn(OptionTrial& trial) {
  const Fresh with(trial.with);
  CHECK(with.shape("encoder.rnn.weight_hh_l0_reverse") == Shape{8, 8});
  CHECK(with.shape("decoder.cell.weight_hh") == Shape{16, 16});
  CHECK_FALSE(with.has("decoder.bridge_cell.weight"));
  check_all_learn(trial.with);
}

void check_backward(OptionTrial& trial) {
  CHECK(Fresh(trial.without).shape("decoder.bridge_hidden.weight") == Shape{16, 16});
  CHECK(Fresh(trial.with).shape("decoder.bridge_hidden.weight") == Shape{16, 8});
  check_all_learn(trial.with);
}

void check_copy(OptionTrial& trial) {
  CHECK_FALSE(Fresh(trial.with).mentions("bridge"));
  const Judged with(trial.with);
  CHECK(with.first != doctest::Approx(with.second).epsilon(1e-7));
  check_all_learn(trial.with);
}

void check_fixed_context(OptionTrial& trial) {
  const Fresh with(trial.with);
  CHECK(with.shape("decoder.fixed_context.weight") == Shape{16, 16});
  CHECK(with.shape("decoder.cell.weight_ih") == Shape{64, 32});
  CHECK(with.shape("decoder.pre_output.weight") == Shape{16, 48});
  check_all_learn(trial.with);
}

void check_maxout(OptionTrial& trial) {
  CHECK(Fresh(trial.without).shape("decoder.pre_output.weight") == Shape{16, 48});
  CHECK(Fresh(trial.with).shape("decoder.pre_output.weight") == Shape{32, 48});
  check_all_learn(trial.with);
}

void check_direct(OptionTrial& trial) {
  const Fresh with(trial.with);
  CHECK_FALSE(with.mentions("pre_output"));
  CHECK(with.shape("decoder.output.weight")[1] == 48);
  check_all_learn(trial.with);
}

/// What values there are: "papers: first values".
void check_bahdanau_values(OptionTrial& trial) {
  const auto score = [](const TrainConfig& config) {
    return values_of(Fresh(config).model, "decoder.attention.score.weight");
  };
  CHECK(std::ranges::count(score(trial.without), Real(0)) == 0);
  CHECK(std::ranges::count(score(trial.with), Real(0)) == 16);
}

void check_luong_values(OptionTrial& trial) {
  const auto largest = [](const TrainConfig& config) { return std::ranges::max(all_values(Fresh(config).model)); };
  CHECK(largest(trial.without) > 0.3);
  CHECK(largest(trial.with) <= Real(0.1));
  CHECK(std::ranges::count(values_of(Fresh(trial.with).model, "decoder.output.bias"), Real(0)) == 0);
}

void check_tied_target(OptionTrial& trial) {
  const Fresh without(trial.without), with(trial.with);
  CHECK(without.has("decoder.embedding.weight"));
  CHECK_FALSE(with.has("decoder.embedding.weight"));
  CHECK(with.has("encoder.embedding.weight"));
  CHECK(without.model.parameter_count() - with.model.parameter_count() ==
        16 * with.prepared.translator->target.vocabulary.size());
  check_all_learn(trial.with);
}

void check_tied_all(OptionTrial& trial) {
  const Fresh without(trial.without), with(trial.with);
  CHECK_FALSE(with.mentions("embedding"));
  CHECK(without.model.parameter_count() - with.model.parameter_count() ==
        2 * 16 * with.prepared.translator->target.vocabulary.size());
  const std::vector<Real> before = encoded(with.model);
  with.model.decoder().output().weight.value()[7 * 16] += 1;
  CHECK(encoded(with.model) != before);
  check_all_learn(trial.with);
}

void check_embedding_deviation(OptionTrial& trial) {
  const auto deviation = [](const TrainConfig& config, const char* name) {
    const std::vector<Real> values = values_of(Fresh(config).model, name);
    return distance(values, std::vector<Real>(values.size())) / std::sqrt(static_cast<double>(values.size()));
  };
  for (const char* table : {"encoder.embedding.weight", "decoder.embedding.weight"}) {
    CHECK(deviation(trial.without, table) == doctest::Approx(0.5).epsilon(0.05));
    CHECK(deviation(trial.with, table) == doctest::Approx(1.5).epsilon(0.05));
  }
  CHECK(deviation(trial.without, "decoder.output.weight") == deviation(trial.with, "decoder.output.weight"));
}

}

std::vector<OptionTest> gradus::translate::model_option_tests() {
  return {
      {"architecture", R"("transformer")", "", check_transformer},
      {"architecture", R"("convolution")", "", check_convolution},
      {"kernel_width", "5", R"({"architecture": "convolution"})", check_kernel_width},
      {"feed_forward", "24", R"({"architecture": "transformer"})", check_feed_forward},
      {"pre_norm", "false", R"({"architecture": "transformer"})", check_post_norm},
      {"cell", R"("gru")", "", check_gru},
      {"embedding", "24", "", check_embedding},
      {"hidden", "24", "", check_hidden},
      {"encoder_layers", "3", "", check_encoder_layers},
      {"decoder_layers", "3", "", check_decoder_layers},
      {"bidirectional", "false", "", check_one_direction},
      {"residual", "true", R"({"bridge": "zero", "encoder_layers": 2, "decoder_layers": 2})", check_residual},
      {"layer_norm", "true", "", check_layer_norm},
      {"bridge", R"("mean")", R"({"cell": "gru"})", check_mean},
      {"bridge", R"("zero")", R"({"attention": "none"})", check_zero},
      {"bridge", R"("learned")", R"({"attention": "none"})", check_learned},
      {"cell", R"("gru-reset-before")", "", check_gru_reset_before},
      {"cell", R"("rnn")", "", check_rnn},
      {"reverse_source", "true", R"({"bidirectional": false})", check_reverse_source},
      {"bridge", R"("backward")", "", check_backward},
      {"bridge", R"("copy")", R"({"attention": "none"})", check_copy},
      {"fixed_context", "true", R"({"attention": "none"})", check_fixed_context},
      {"readout", R"("maxout")", "", check_maxout},
      {"readout", R"("direct")", "", check_direct},
      {"initial_values", R"("bahdanau")", "", check_bahdanau_values},
      {"initial_values", R"("luong")", "", check_luong_values},
      {"tied_embeddings", R"("target")", "", check_tied_target},
      {"tied_embeddings", R"("all")", R"({"joint": true})", check_tied_all},
      {"embedding_deviation", "1.5", "", check_embedding_deviation},
  };
}
