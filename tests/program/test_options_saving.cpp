#include <doctest/doctest.h>

#include "examples/translate/training/checkpoint.h"
#include "examples/translate/translator/translate.h"
#include "tests/program/option_tests.h"
#include "tests/program/training_run.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

void check_patience(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  CHECK(without.end == Trainer::End::Epochs);
  CHECK(with.end == Trainer::End::Patience);
  CHECK(with.history.validations.size() == 3);
}

void check_valid_steps(OptionTrial& trial) {
  CHECK(TrainingRun(trial.without).history.validations.size() == 4);
  const std::vector<TrainingLog::Validation> validations = TrainingRun(trial.with).history.validations;
  REQUIRE(validations.size() == 2);
  CHECK(validations[0].step == 3 * kStepsAnEpoch);
  CHECK(validations[1].step == 4 * kStepsAnEpoch);
}

void check_validate_every(OptionTrial& trial) {
  const auto steps = [](const TrainConfig& config) {
    std::vector<std::uint64_t> steps;
    for (const TrainingLog::Validation& validation : TrainingRun(config).history.validations)
      steps.push_back(validation.step);
    return steps;
  };
  CHECK(steps(trial.without) == std::vector<std::uint64_t>{10, 20, 30, 40});
  CHECK(steps(trial.with) == std::vector<std::uint64_t>{7, 14, 21, 28, 35, 40});
  trial.with.validate_every = {3, IntervalUnit::Epochs};
  CHECK(steps(trial.with) == std::vector<std::uint64_t>{30, 40});
  trial.with.validate_every = {1e-9, IntervalUnit::Minutes};
  CHECK(steps(trial.with).size() == 40);
  CHECK(TrainingRun(trial.with).last == TrainingRun(trial.without).last);
}

/// The second step of this training fails, so that only what was saved before is there.
void check_save_every(OptionTrial& trial) {
  const auto saved_step = [](const TrainConfig& config) {
    PreparedTraining prepared(config);
    const TemporaryFolder folder;
    Progress progress;
    create_model(folder.path(), *prepared.translator);
    Trainer trainer(*prepared.translator, std::move(prepared.corpus), folder.path(), progress);
    CHECK_THROWS_AS(trainer.run(), Error);
    Adam optimizer(prepared.translator->model.parameters(), {});
    return load_training(folder.path(), *prepared.translator, {optimizer, nullptr}).step;
  };
  for (TrainConfig* const config : {&trial.without, &trial.with}) config->optimizer = OptimizerKind::Adam;
  CHECK(saved_step(trial.without) == 0);
  const std::uint64_t by_steps = saved_step(trial.with);
  CHECK(by_steps > 0);
  trial.with.save_every = {1e-9, IntervalUnit::Minutes};
  CHECK(saved_step(trial.with) == by_steps);
}

void check_keep_epochs(OptionTrial& trial) {
  CHECK(kept_epochs(TrainingRun(trial.without).folder.path()).empty());
  const TrainingRun with(trial.with);
  CHECK(kept_epochs(with.folder.path()) == std::vector<std::string>{with.folder.file("epoch-0002.safetensors"),
                                                                    with.folder.file("epoch-0003.safetensors")});
}

/// The mean, which is what `gradus average` would make, takes part in the choice; where the rate does not fall and the
/// text begins to be known by heart, it is the best. The training itself goes on from its own weights.
void check_average_last(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with);
  CHECK(kept_epochs(without.folder.path()).empty());
  CHECK(kept_epochs(with.folder.path()).size() == 3);
  CHECK(with.last == without.last);
  load_mean(*with.translator, kept_epochs(with.folder.path()));
  const std::vector<Real> mean = all_values(with.translator->model);
  CHECK(mean != with.last);
  CHECK(without.state.is_beaten_by(with.state.best_bleu, with.state.best_loss));
  CHECK(all_values(load_translator(with.folder.path())->model) == mean);
  CHECK(all_values(load_translator(without.folder.path())->model) != mean);
}

void check_valid_beam(OptionTrial& trial) {
  const auto samples = [](const TrainingRun& run) {
    std::vector<std::string> result;
    for (const TrainingLog::Sample& sample : run.history.validations.back().samples)
      result.push_back(sample.translation);
    return result;
  };
  const TrainingRun without(trial.without), with(trial.with);
  CHECK(without.last == with.last);
  std::vector<std::string> lines = read_lines(trial.with.valid[0]);
  lines.resize(samples(with).size());
  ThreadPool pool(1);
  const auto greedy = best_translations(*with.translator, lines, {.beam = 1}, pool);
  const auto beam = best_translations(*with.translator, lines, {.beam = 4}, pool);
  REQUIRE(greedy != beam);
  CHECK(samples(without) == greedy);
  CHECK(samples(with) == beam);
}

}

std::vector<OptionTest> gradus::translate::saving_option_tests() {
  constexpr const char* kNothingMoves = R"({"epochs": 4, "learning_rate": 1e-30, "plateau_steps": 1})";
  return {
      {"patience", "2", kNothingMoves, check_patience},
      {"valid_steps", "25", R"({"epochs": 4})", check_valid_steps},
      {"validate_every", R"("7steps")", R"({"epochs": 4})", check_validate_every},
      {"save_every", R"("1step")", R"({"learning_rate": 100, "epochs": 100, "valid_steps": 100000})", check_save_every},
      {"keep_epochs", "2", R"({"epochs": 3})", check_keep_epochs},
      {"average_last", "3", R"({"epochs": 12, "schedule": "constant"})", check_average_last},
      {"valid_beam", "4", R"({"epochs": 3})", check_valid_beam},
  };
}
