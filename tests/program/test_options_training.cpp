#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <numbers>
#include <numeric>

#include "examples/translate/text/text.h"
#include "examples/translate/translator/translate.h"
#include "tests/program/fresh_model.h"
#include "tests/program/option_tests.h"
#include "tests/program/training_run.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

std::vector<double> rates(const TrainConfig& config) {
  std::vector<double> result;
  for (const TrainingLog::Step& step : TrainingRun(config).history.steps) result.push_back(step.learning_rate);
  return result;
}

/// Checks the learning rate of every step against a formula of the step and the epoch, both from 0.
template <class Formula>
void check_rates(const TrainConfig& config, Formula expected) {
  const std::vector<double> found = rates(config);
  REQUIRE(found.size() == kStepsAnEpoch * static_cast<std::size_t>(config.epochs));
  for (std::size_t step = 0; step < found.size(); ++step) {
    CAPTURE(step);
    const double rate = config.learning_rate * expected(static_cast<int>(step), static_cast<int>(step / kStepsAnEpoch));
    CHECK(std::abs(found[step] - rate) <= 1e-9 * rate);
  }
}

std::vector<std::int64_t> words(const TrainingRun& run) {
  std::vector<std::int64_t> result;
  for (const TrainingLog::Step& step : run.history.steps) result.push_back(step.words);
  return result;
}

std::int64_t sum(const std::vector<std::int64_t>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0});
}

std::vector<Real> difference(const std::vector<Real>& a, const std::vector<Real>& b) {
  std::vector<Real> result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), std::minus());
  return result;
}

/// The first step's gradient: what plain descent with the learning rate 1 takes from the weights.
std::vector<Real> first_gradient(TrainConfig config) {
  config.optimizer = OptimizerKind::Sgd;
  config.learning_rate = 1;
  config.clip = config.weight_decay = 0;
  const TrainingRun run(config);
  return difference(run.first, run.last);
}

/// Checks that the only step of a training took from the weights what the formula says of each number's gradient.
template <class Formula>
void check_step(const TrainConfig& config, Formula taken) {
  const TrainingRun run(config);
  REQUIRE(run.history.steps.size() == 1);
  std::vector<Real> expected = first_gradient(config);
  for (Real& number : expected) number = static_cast<Real>(taken(static_cast<double>(number)));
  const std::vector<Real> found = difference(run.first, run.last), nothing(found.size());
  // Adam moves numbers whose gradient is too small to be seen here.
  CHECK(distance(found, expected) < 0.1 * distance(expected, nothing));
}

void check_epochs(OptionTrial& trial) {
  const TrainingRun run(trial.with);
  CHECK(run.end == Trainer::End::Epochs);
  CHECK(run.history.validations.size() == 3);
  CHECK(run.history.steps.size() == 3 * kStepsAnEpoch);
}

/// However short the time, a training makes a step and validates it: it has a model in the end.
void check_max_minutes(OptionTrial& trial) {
  const TrainingRun run(trial.with);
  CHECK(run.end == Trainer::End::Time);
  CHECK(run.history.steps.size() == 1);
  CHECK(run.history.validations.size() == 1);
  CHECK(all_values(load_translator(run.folder.path())->model) == run.last);
  trial.with.epochs = 1;
  CHECK(TrainingRun(trial.with).end == Trainer::End::Time);  // cut short, also if it was the last
  trial.with.max_minutes = 1e6;
  CHECK(TrainingRun(trial.with).end == Trainer::End::Epochs);
}

void check_batch_size(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  CHECK(with.history.steps.size() == 2 * 5);
  CHECK(sum(words(with)) == sum(words(without)));
}

void check_batch_tokens(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  const std::vector<std::int64_t> batches = words(with);
  CHECK(sum(batches) == sum(words(without)));
  CHECK(*std::ranges::max_element(batches) <= 200);
  CHECK(std::ranges::count_if(batches, [](auto count) { return count <= 180; }) <= 2);  // the last of each epoch
}

/// Batches of a large pool have sentences of one length each, so that their words differ more from step to step.
void check_pool_batches(OptionTrial& trial) {
  const auto spread = [](const TrainConfig& config) {
    const std::vector<std::int64_t> all = words(TrainingRun(config));
    return std::ranges::max(all) - std::ranges::min(all);
  };
  CHECK(2 * spread(trial.with) < spread(trial.without));
}

/// The gradient is as many times larger as a sentence has words; the loss that is logged stays that of a word.
void check_loss_mean(OptionTrial& trial) {
  const TrainingLog::Step without = TrainingRun(trial.without).history.steps.front(),
                          with = TrainingRun(trial.with).history.steps.front();
  const double ratio = static_cast<double>(without.words) / trial.with.batch_size;
  CHECK(ratio > 3);
  CHECK(with.loss == doctest::Approx(without.loss).epsilon(1e-6));
  CHECK(with.gradient_norm == doctest::Approx(ratio * without.gradient_norm).epsilon(1e-4));
}

void check_accumulate(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  const std::vector<std::int64_t> batches = words(without), steps = words(with);
  REQUIRE(steps.size() == kStepsAnEpoch);
  for (std::size_t i = 0; i < steps.size(); ++i) CHECK(steps[i] == batches[2 * i] + batches[2 * i + 1]);
}

/// Adam's first step, with which the two others are compared.
double adam_step(double rate, double gradient) { return rate * gradient / (std::abs(gradient) + 1e-8); }

void check_sgd(OptionTrial& trial) {
  check_step(trial.without, [](double gradient) { return adam_step(0.02, gradient); });
  check_step(trial.with, [](double gradient) { return 0.02 * gradient; });
}

void check_adadelta(OptionTrial& trial) {
  check_step(trial.with,
             [](double gradient) { return 0.02 * gradient * std::sqrt(1e-6 / (0.05 * gradient * gradient + 1e-6)); });
}

void check_learning_rate(OptionTrial& trial) {
  check_rates(trial.with, [](int, int) { return 1; });
  trial.with.epochs = 1;
  trial.with.batch_size = 320;
  check_step(trial.with, [](double gradient) { return adam_step(0.005, gradient); });
}

double warmed_up(int step) { return std::min(1.0, (step + 1) / 4.0); }

void check_cosine(OptionTrial& trial) {
  check_rates(trial.with, [](int step, int) {
    return step < 3 ? warmed_up(step) : (1 + std::cos(std::numbers::pi * (step - 3) / 37)) / 2;
  });
}

void check_inverse_sqrt(OptionTrial& trial) {
  check_rates(trial.with, [](int step, int) { return step < 3 ? warmed_up(step) : std::sqrt(4.0 / (step + 1)); });
}

void check_halving(OptionTrial& trial) {
  check_rates(trial.with, [](int step, int epoch) { return warmed_up(step) * std::ldexp(1, -epoch); });
}

void check_constant(OptionTrial& trial) {
  check_rates(trial.with, [](int step, int) { return warmed_up(step); });
  // Nothing moves, so no validation is better than the first, whatever the schedule.
  check_rates(trial.without,
              [](int step, int epoch) { return warmed_up(step) * std::ldexp(1, -std::max(epoch - 1, 0)); });
}

void check_warm_up(OptionTrial& trial) {
  check_rates(trial.without, [](int, int) { return 1; });
  check_rates(trial.with, [](int step, int) { return std::min(1.0, (step + 1) / 5.0); });
}

void check_learning_rate_decay(OptionTrial& trial) {
  check_rates(trial.with, [](int, int epoch) { return std::pow(0.1, std::max(epoch - 1, 0)); });
}

void check_plateau_steps(OptionTrial& trial) {
  check_rates(trial.without, [](int, int epoch) { return std::ldexp(1, -std::max(epoch - 1, 0)); });
  check_rates(trial.with, [](int, int epoch) { return std::ldexp(1, -std::max((epoch - 1) / 2, 0)); });
}

void check_halve_after(OptionTrial& trial) {
  check_rates(trial.without, [](int, int) { return 1; });
  check_rates(trial.with, [](int, int epoch) { return std::ldexp(1, -std::max(epoch - 1, 0)); });
}

void check_weight_decay(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  std::vector<Real> expected = with.first;
  for (Real& number : expected) number *= Real(0.02 * 0.5);
  const std::vector<Real> found = difference(without.last, with.last), nothing(found.size());
  CHECK(distance(found, expected) < 1e-3 * distance(expected, nothing));
}

/// (1 - ε) of the cross-entropy, and ε of its mean over all words in the word's place.
double smoothed_loss(Translator& translator, Pairs pairs, double epsilon) {
  return mean_over_words(translator.model, pairs, [epsilon](std::span<const Real> scores, int target) {
    double exponentials = 0, total = 0;
    for (const Real score : scores) {
      exponentials += std::exp(static_cast<double>(score));
      total += static_cast<double>(score);
    }
    const double normaliser = std::log(exponentials);
    return (1 - epsilon) * (normaliser - static_cast<double>(scores[target])) +
           epsilon * (normaliser - total / static_cast<double>(scores.size()));
  });
}

void check_label_smoothing(OptionTrial& trial) {
  const PreparedTraining text(trial.with);
  const auto check = [&](TrainConfig config, double epsilon) {
    const double fourth = TrainingRun(config).history.steps.at(3).loss;
    config.epochs = 3;
    const TrainingRun three(config);
    CHECK(fourth == doctest::Approx(smoothed_loss(*three.translator, text.corpus.train, epsilon)).epsilon(1e-5));
    CHECK(std::abs(fourth - smoothed_loss(*three.translator, text.corpus.train, 0.2 - epsilon)) > 1e-2);
  };
  check(trial.without, 0);
  check(trial.with, 0.2);
}

/// Passes without dropout are the same, so that there is nothing to agree on; what there is with it counts in
/// proportion to the weight.
void check_r_drop(OptionTrial& trial) {
  const auto first_loss = [](TrainConfig config, double dropout, double weight) {
    config.dropout = dropout;
    config.r_drop = weight;
    return TrainingRun(config).history.steps.front().loss;
  };
  const double weight = trial.with.r_drop;
  CHECK(first_loss(trial.with, 0, weight) == doctest::Approx(first_loss(trial.without, 0, 0)).epsilon(1e-5));
  const double tiny = first_loss(trial.with, 0.3, 1e-9), once = first_loss(trial.with, 0.3, weight);
  CHECK(once > tiny + 1e-3);
  CHECK(first_loss(trial.with, 0.3, 2 * weight) - once == doctest::Approx(once - tiny).epsilon(1e-2));
}

void check_clip(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  const double norm = without.history.steps.front().gradient_norm;
  CHECK(norm > 0.1);
  CHECK(with.history.steps.front().gradient_norm == norm);  // as it was before
  CHECK(distance(without.first, without.last) == doctest::Approx(0.02 * norm).epsilon(1e-3));
  CHECK(distance(with.first, with.last) == doctest::Approx(0.02 * 0.05).epsilon(1e-3));
}

void check_average_decay(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  CHECK(all_values(load_translator(without.folder.path())->model) == without.last);
  std::vector<Real> expected = with.first;
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += Real(0.95) * (with.last[i] - with.first[i]);
  CHECK(distance(all_values(load_translator(with.folder.path())->model), expected) <
        1e-4 * distance(with.first, with.last));
}

/// The share is 0 in the first step and grows from there; its size: "scheduled sampling reads its own words".
void check_scheduled_sampling(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  CHECK(with.history.steps[0].loss == without.history.steps[0].loss);
  CHECK(with.history.steps[1].loss == doctest::Approx(without.history.steps[1].loss).epsilon(0.05));
  CHECK(with.history.steps[1].loss != without.history.steps[1].loss);
  CHECK(with.history.steps.back().loss > without.history.steps.back().loss);
}

}

void check_seed(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  const std::vector<Real> nothing(with.first.size());
  CHECK(distance(without.first, with.first) > 0.5 * distance(with.first, nothing));
  CHECK(words(without) != words(with));  // the batches hold other pairs
  CHECK(TrainingRun(trial.with).last == with.last);
}

/// Each shard, and each group of them, draws a dropout of its own, and without dropout the sum of the parts is the
/// same.
void check_parts(OptionTrial& trial) {
  const auto first_losses = [&] {
    return std::pair(TrainingRun(trial.without).history.steps[0].loss, TrainingRun(trial.with).history.steps[0].loss);
  };
  const auto [few, three] = first_losses();
  CHECK(std::abs(few - three) > 1e-4);
  trial.without.dropout = trial.with.dropout = 0;
  const auto [plain_few, plain_three] = first_losses();
  CHECK(plain_few == doctest::Approx(plain_three).epsilon(1e-5));
}

void check_threads(OptionTrial& trial) {
  const auto running = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  const auto started = [&](const TrainConfig& config) {
    PreparedTraining prepared(config);
    const TemporaryFolder folder;
    Progress progress;
    const auto before = running();
    const Trainer trainer(*prepared.translator, std::move(prepared.corpus), folder.path(), progress);
    return running() - before;
  };
  CHECK(started(trial.without) == 0);  // besides the one that is there
  CHECK(started(trial.with) == 2);
  CHECK(TrainingRun(trial.with).last == TrainingRun(trial.without).last);
}

std::vector<OptionTest> gradus::translate::training_option_tests() {
  constexpr const char* kOneStep = R"({"epochs": 1, "batch_size": 320})";
  constexpr const char* kOneSgdStep = R"({"epochs": 1, "batch_size": 320, "optimizer": "sgd"})";
  constexpr const char* kNothingMoves = R"({"epochs": 4, "learning_rate": 1e-30, "plateau_steps": 1})";
  constexpr const char* kSchedule =
      R"({"epochs": 4, "learning_rate": 1e-30, "warm_up": 3, "halve_after": 1, "plateau_steps": 1})";
  return {
      {"epochs", "3", "", check_epochs},
      {"max_minutes", "1e-9", "", check_max_minutes},
      {"batch_size", "64", "", check_batch_size},
      {"batch_tokens", "200", "", check_batch_tokens},
      {"pool_batches", "1", "", check_pool_batches},
      {"accumulate", "2", "", check_accumulate},
      {"optimizer", R"("sgd")", kOneStep, check_sgd},
      {"optimizer", R"("adadelta")", kOneStep, check_adadelta},
      {"learning_rate", "0.005", "", check_learning_rate},
      {"schedule", R"("cosine")", kSchedule, check_cosine},
      {"schedule", R"("inverse-sqrt")", kSchedule, check_inverse_sqrt},
      {"schedule", R"("halving")", kSchedule, check_halving},
      {"schedule", R"("constant")", kSchedule, check_constant},
      {"warm_up", "4", "", check_warm_up},
      {"learning_rate_decay", "0.1", kNothingMoves, check_learning_rate_decay},
      {"plateau_steps", "20", kNothingMoves, check_plateau_steps},
      {"halve_after", "2", R"({"epochs": 4, "schedule": "halving"})", check_halve_after},
      {"weight_decay", "0.5", kOneStep, check_weight_decay},
      {"label_smoothing", "0.2", R"({"epochs": 4, "batch_size": 320})", check_label_smoothing},
      {"r_drop", "5", kOneStep, check_r_drop},
      {"clip", "0.05", kOneSgdStep, check_clip},
      {"loss_mean", R"("sentences")", kOneSgdStep, check_loss_mean},
      {"average_decay", "0.05", kOneStep, check_average_decay},
      {"scheduled_sampling", "1", "", check_scheduled_sampling},
      {"seed", "2", "", check_seed},
      {"groups", "3", R"({"dropout": 0.3})", check_parts},
      {"shards", "3", R"({"dropout": 0.3})", check_parts},
      {"threads", "3", "", check_threads},
  };
}
