#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tests/program/fresh_model.h"
#include "tests/program/option_tests.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

void check_luong(OptionTrial& trial) {
  const Fresh without(trial.without), with(trial.with);
  CHECK(without.has("decoder.attention.score.weight"));
  CHECK_FALSE(with.has("decoder.attention.score.weight"));
  CHECK(with.shape("decoder.attention.key.weight") == Shape{16, 16});
  CHECK(with.shape("decoder.attentional.weight") == Shape{16, 32});
  check_all_learn(trial.with);
}

void check_no_attention(OptionTrial& trial) {
  const Fresh without(trial.without), with(trial.with);
  CHECK(without.mentions("attention"));
  CHECK_FALSE(with.mentions("attention"));
  CHECK(without.shape("decoder.cell.weight_ih") == Shape{64, 32});
  CHECK(with.shape("decoder.cell.weight_ih") == Shape{64, 16});  // no context comes in
  check_all_learn(trial.with);
}

void check_concat(OptionTrial& trial) {
  CHECK(Fresh(trial.without).has("decoder.attention.query.bias"));
  CHECK_FALSE(Fresh(trial.with).has("decoder.attention.query.bias"));
  CHECK(Fresh(trial.with).has("decoder.attention.score.weight"));
  check_all_learn(trial.with);
}

void check_dot(OptionTrial& trial) {
  CHECK_FALSE(Fresh(trial.with).mentions("attention"));
  const Fresh with(trial.with);
  CHECK(with.shape("decoder.cell.weight_ih") == Shape{64, 32});  // but a context comes in
  check_all_learn(trial.with);
}

void check_general(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("decoder.attention.key.weight") == Shape{16, 16});
  CHECK_FALSE(Fresh(trial.with).has("decoder.attention.query.weight"));
  check_all_learn(trial.with);
}

/// Another value of the same model.
void check_same_parameters(OptionTrial& trial) {
  const Fresh without(trial.without), with(trial.with);
  copy_values(without.model, with.model);
  CHECK(without.model.parameter_count() == with.model.parameter_count());
  CHECK(std::abs(with.loss() - without.loss()) > 1e-6);
  check_all_learn(trial.with);
}

void check_location(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("decoder.attention.position.weight") == Shape{50, 16});
  check_all_learn(trial.with);
}

void check_positions(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("decoder.attention.position.weight") == Shape{7, 16});
}

void check_cosine_score(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("decoder.attention.strength.weight") == Shape{1, 16});
  check_all_learn(trial.with);
}

void check_multi_head(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("decoder.attention.out.weight") == Shape{16, 16});
  check_all_learn(trial.with);
}

void check_heads(OptionTrial& trial) {
  const Fresh without(trial.without), with(trial.with);
  copy_values(without.model, with.model);
  CHECK(std::abs(with.loss() - without.loss()) > 1e-6);
}

double loss_of_scope(TrainConfig config, ScopeKind scope, int window) {
  config.attention.scope = scope;
  config.window = window;
  return Fresh(config).loss();
}

/// A window that is wider than all sentences is no window.
void check_local_monotonic(OptionTrial& trial) {
  const double all = loss_of_scope(trial.with, "global", 1);
  CHECK(std::abs(Fresh(trial.with).loss() - all) > 1e-6);
  CHECK(loss_of_scope(trial.with, "local-m", 100) == doctest::Approx(all).epsilon(1e-6));
  check_all_learn(trial.with);
}

void check_window(OptionTrial& trial) {
  const double all = loss_of_scope(trial.with, "global", 1);
  CHECK(Fresh(trial.with).loss() == doctest::Approx(all).epsilon(1e-6));
  CHECK(std::abs(Fresh(trial.without).loss() - all) > 1e-6);
}

void check_local_predictive(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("decoder.attention.window_centre.weight") == Shape{1, 16});
  check_all_learn(trial.with);
}

double loss_of_wait(TrainConfig config, int k) {
  config.wait_k = k;
  return loss_of_scope(config, "wait-k", 1);
}

/// Whoever waits for all sentences to end sees all of them.
void check_wait_k(OptionTrial& trial) {
  const double all = loss_of_scope(trial.with, "global", 1);
  CHECK(std::abs(Fresh(trial.with).loss() - all) > 1e-6);
  CHECK(loss_of_wait(trial.with, 100) == doctest::Approx(all).epsilon(1e-6));
  check_all_learn(trial.with);
}

/// The first word of a translation is made from the first k words.
void check_k(OptionTrial& trial) {
  for (const TrainConfig& config : {trial.without, trial.with}) {
    const Fresh fresh(config);
    const Tape tape(Tape::Inference);
    const Batch batch = make_batch(fresh.prepared.corpus.valid, std::vector{0});
    REQUIRE(batch.source_lengths[0] > config.wait_k);
    const auto encoded = fresh.model.encode(batch);
    const Tensor embedded = fresh.model.decoder().embed(std::vector{kBegin});
    const StepOutput output = fresh.model.decoder().step(embedded, encoded.state, encoded.source).output;
    CHECK(output.delay.item() == static_cast<Real>(config.wait_k));
    const auto seen = std::ranges::count_if(output.weights.value(), [](Real weight) { return weight > 0; });
    CHECK(seen == config.wait_k);
  }
}

/// A model whose energies are as often above 0 as below, so that its words stop everywhere.
double loss_of_stops(TrainConfig config, ScopeKind scope, int chunk) {
  config.attention.scope = scope;
  config.chunk = chunk;
  const Fresh fresh(config);
  for (Parameter* const parameter : fresh.model.parameters()) {
    if (parameter->name() == "decoder.attention.stop_offset") parameter->value()[0] = 0;
  }
  return fresh.loss();
}

void check_monotonic(OptionTrial& trial) {
  const Fresh with(trial.with);
  CHECK(values_of(with.model, "decoder.attention.stop_offset") == std::vector<Real>{-1});
  CHECK(std::abs(loss_of_stops(trial.with, "monotonic", 1) - Fresh(trial.without).loss()) > 1e-6);
  check_all_learn(trial.with);
}

void check_mocha(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("decoder.attention.chunk_energy.weight") == Shape{16, 16});
  check_all_learn(trial.with);
}

/// A chunk of one position is where the word stopped.
void check_chunk(OptionTrial& trial) {
  const double one = loss_of_stops(trial.with, "monotonic", 1);
  CHECK(loss_of_stops(trial.with, "mocha", trial.with.chunk) == doctest::Approx(one).epsilon(1e-6));
  CHECK(std::abs(loss_of_stops(trial.without, "mocha", trial.without.chunk) - one) > 1e-6);
}

/// It differs from tape to tape, in training alone.
void check_energy_noise(OptionTrial& trial) {
  const auto loss = [](const TrainConfig& config, bool training, std::uint64_t seed) {
    const Fresh fresh(config);
    fresh.model.train(training);
    const Tape tape(Tape::Inference, seed);
    return fresh.model.loss(make_batch(fresh.prepared.corpus.valid, std::vector{0, 1}), {}).item();
  };
  CHECK(loss(trial.without, true, 1) != loss(trial.without, true, 2));
  CHECK(loss(trial.with, true, 1) == loss(trial.with, true, 2));
  CHECK(loss(trial.without, false, 1) == loss(trial.with, false, 2));
}

/// Without training it is attention to the likeliest position; its gradient is that of test_hard_attention.cpp.
void check_hard(OptionTrial& trial) {
  const Fresh without(trial.without), with(trial.with);
  CHECK(without.model.parameter_count() == with.model.parameter_count());
  const Tape tape(Tape::Inference);
  const std::vector<int> chosen = {0};
  const Batch batch = make_batch(with.prepared.corpus.valid, chosen);
  const auto encoded = with.model.encode(batch);
  const Tensor embedded = with.model.decoder().embed(std::vector{kEnd});
  const ConstArray weights = with.model.decoder().step(embedded, encoded.state, encoded.source).output.weights.value();
  CHECK(std::ranges::count(weights, 1) == 1);
  CHECK(std::ranges::count(weights, 0) == batch.source_lengths[0] - 1);
  check_all_learn(trial.with);
}

void check_after(OptionTrial& trial) {
  const Fresh with(trial.with);
  CHECK(with.shape("decoder.attentional.weight") == Shape{16, 32});
  CHECK(with.shape("decoder.cell.weight_ih") == Shape{64, 16});  // no context comes in, and nothing is fed
  CHECK(with.has("decoder.attention.score.weight"));             // the score stays
  check_all_learn(trial.with);
}

void check_input_feeding(OptionTrial& trial) {
  CHECK(Fresh(trial.without).shape("decoder.cell.weight_ih") == Shape{64, 32});
  CHECK(Fresh(trial.with).shape("decoder.cell.weight_ih") == Shape{64, 48});
  check_all_learn(trial.with);
}

void check_coverage(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("decoder.attention.coverage.weight") == Shape{1, 16});
  check_all_learn(trial.with);
}

void check_context_gate(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("decoder.context_gate.weight") == Shape{16, 48});
  check_all_learn(trial.with);
}

void check_attention_size(OptionTrial& trial) {
  CHECK(Fresh(trial.with).shape("decoder.attention.query.weight") == Shape{24, 16});
  CHECK(Fresh(trial.without).shape("decoder.attention.query.weight") == Shape{16, 16});
}

/// The largest of the weights that hard attention draws from, in the mean over the first steps of some sentences.
double sharpness(const TrainingRun& run) {
  TrainConfig config = run.translator->config;
  config.attention.scope = "global";
  const Fresh soft(config);
  copy_values(run.translator->model, soft.model);
  std::vector<int> chosen(20);
  std::iota(chosen.begin(), chosen.end(), 0);
  const Tape tape(Tape::Inference);
  const auto encoded = soft.model.encode(make_batch(soft.prepared.corpus.valid, chosen));
  const Tensor embedded = soft.model.decoder().embed(std::vector(chosen.size(), kBegin));
  const ConstArray weights = soft.model.decoder().step(embedded, encoded.state, encoded.source).output.weights.value();
  double sum = 0;
  for (int i = 0; i < weights.rows(); ++i) sum += *std::max_element(weights.row(i), weights.row(i) + weights.cols());
  return sum / weights.rows();
}

/// A step by plain gradient descent is linear in it.
void check_reinforce_weight(OptionTrial& trial) {
  TrainConfig config = trial.without;
  config.reinforce_weight = 0;
  const TrainingRun zero(config), without(trial.without), with(trial.with);
  const Real ratio = static_cast<Real>(trial.with.reinforce_weight / trial.without.reinforce_weight);
  std::vector<Real> expected = zero.last;
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += ratio * (without.last[i] - zero.last[i]);
  CHECK(distance(zero.last, with.last) > 0.01 * distance(with.first, with.last));
  CHECK(distance(expected, with.last) < 1e-2 * distance(zero.last, with.last));
}

/// Draws are then judged by more losses; what that does: "with a discount the losses of later words count for less".
void check_reinforce_discount(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  CHECK(with.history.steps[0].loss == without.history.steps[0].loss);
  CHECK(with.history.steps[0].gradient_norm > 1.2 * without.history.steps[0].gradient_norm);
}

/// The loss that is logged does not have the term.
void check_entropy_weight(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  CHECK(with.history.steps[0].loss == without.history.steps[0].loss);
  CHECK(sharpness(with) < sharpness(without) - 0.02);
}

}

std::vector<OptionTest> gradus::translate::attention_option_tests() {
  return {
      {"attention", R"("luong")", "", check_luong},
      {"attention", R"("none")", "", check_no_attention},
      {"score", R"("concat")", "", check_concat},
      {"score", R"("dot")", "", check_dot},
      {"score", R"("general")", "", check_general},
      {"score", R"("scaled-dot")", R"({"score": "dot"})", check_same_parameters},
      {"score", R"("scaled-general")", R"({"score": "general"})", check_same_parameters},
      {"score", R"("location")", "", check_location},
      {"score", R"("cosine")", "", check_cosine_score},
      {"score", R"("multi-head")", "", check_multi_head},
      {"scope", R"("local-m")", R"({"window": 1})", check_local_monotonic},
      {"scope", R"("local-p")", "", check_local_predictive},
      {"scope", R"("hard")", "", check_hard},
      {"scope", R"("wait-k")", R"({"bidirectional": false, "bridge": "zero"})", check_wait_k},
      {"scope", R"("monotonic")", R"({"bidirectional": false, "bridge": "zero"})", check_monotonic},
      {"scope", R"("mocha")", R"({"bidirectional": false, "bridge": "zero"})", check_mocha},
      {"chunk", "1", R"({"scope": "mocha", "bidirectional": false, "bridge": "zero"})", check_chunk},
      {"energy_noise", "0", R"({"scope": "monotonic", "bidirectional": false, "bridge": "zero"})", check_energy_noise},
      {"normalizer", R"("sparsemax")", "", check_same_parameters},
      {"attend", R"("after")", "", check_after},
      {"input_feeding", "true", "", check_input_feeding},
      {"coverage", "true", "", check_coverage},
      {"context_gate", "true", "", check_context_gate},
      {"attention_size", "24", "", check_attention_size},
      {"heads", "2", R"({"score": "multi-head"})", check_heads},
      {"window", "100", R"({"scope": "local-m", "window": 1})", check_window},
      {"wait_k", "2", R"({"scope": "wait-k", "bidirectional": false, "bridge": "learned"})", check_k},
      {"positions", "7", R"({"score": "location"})", check_positions},
      {"reinforce_weight", "0.3", R"({"epochs": 1, "batch_size": 320, "optimizer": "sgd", "scope": "hard"})",
       check_reinforce_weight},
      {"reinforce_discount", "1",
       R"({"epochs": 1, "batch_size": 320, "optimizer": "sgd", "scope": "hard", "reinforce_weight": 10})",
       check_reinforce_discount},
      {"entropy_weight", "10", R"({"scope": "hard"})", check_entropy_weight},
  };
}
