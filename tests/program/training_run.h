#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/data/corpus.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/training/trainer.h"
#include "examples/translate/training/training_log.h"
#include "tests/support/temporary_folder.h"

/// Small trainings on the toy language, through all that `gradus train` does: from files of text to the files of a
/// model.
namespace gradus::translate {

/// Part of the toy language in files, as raw text: sentences begin with a capital and end with a full stop.
struct ToyFiles {
  ToyFiles(std::size_t train, std::size_t valid);

  TemporaryFolder folder;
  std::vector<std::string> train, valid;  ///< the paths, source and target
};

/// 320 pairs to train on and 24 to validate, the same in all tests.
const ToyFiles& small_toy_files();

inline constexpr std::size_t kStepsAnEpoch = 10;

/// Trains a tiny model on these files for two epochs of as many steps, without any dropout, smoothing, clipping or
/// averaging.
TrainConfig small_training();

/// All that stands before the first step.
struct PreparedTraining {
  explicit PreparedTraining(const TrainConfig& config);

  std::unique_ptr<Translator> translator;
  Corpus corpus;
};

/// A parameter's values. Throws if the model has no such parameter.
std::vector<Real> values_of(Seq2Seq& model, const std::string& name);
bool has_parameter(Seq2Seq& model, const std::string& name);
/// The values of all parameters, one after the other.
std::vector<Real> all_values(Seq2Seq& model);
/// √Σ (a - b)²
double distance(const std::vector<Real>& a, const std::vector<Real>& b);

/// The mean over all words of the targets, teacher-forced, of what `measure` makes of the scores of all words there and
/// the number of the right one.
double mean_over_words(Seq2Seq& model, Pairs pairs,
                       const std::function<double(std::span<const Real> scores, int target)>& measure);

/// A training that has run.
struct TrainingRun {
  explicit TrainingRun(const TrainConfig& config);

  TemporaryFolder folder;
  std::unique_ptr<Translator> translator;  ///< as it was after the last step, in evaluation mode
  std::vector<Real> first, last;           ///< all parameters, before the first step and after the last one
  TrainingHistory history;
  TrainState state;
  Trainer::End end;
};

}
