#pragma once

#include <string>
#include <vector>

#include "examples/translate/checkpoint.h"
#include "examples/translate/corpus.h"
#include "examples/translate/progress.h"
#include "nn/data_parallel.h"
#include "nn/optimizer.h"

namespace gradus::translate {

/// Trains a translator: Adam on the label-smoothed cross-entropy of teacher-forced targets, gradients clipped by their
/// common norm. After every epoch it translates the validation text: the model with the best BLEU stays (between equal
/// ones, such as the zeros of the first epochs, the lower cross-entropy decides), and when there was no better one, the
/// learning rate falls.
///
/// Everything random depends on the configuration's seed and on a step's number alone. So a training that was stopped
/// anywhere between two steps and resumed ends with the same bits as one that never stopped.
class Trainer {
 public:
  /// `translator` and `progress` must outlive the trainer. Files go to `directory`, which exists (`create_model`), and
  /// reports to `progress`.
  Trainer(Translator& translator, Corpus corpus, std::string directory, Progress& progress);

  /// Goes on where the folder's last checkpoint stopped.
  void resume();

  enum class End { Epochs, Patience, Time, Interrupted };
  /// Trains until the configuration says it is enough, or until SIGINT or SIGTERM; then the checkpoint is saved. Throws
  /// Error if the loss is no longer a number.
  End run();

  const TrainState& state() const { return state_; }

 private:
  bool out_of_time() const;
  /// The learning rate of the next step, as the configuration's schedule and the validations so far have it.
  double learning_rate() const;
  double seconds() const;
  /// Trains until the epoch ends, somebody interrupts, or time is up, which ends the epoch early.
  void run_epoch();
  void run_step(const std::vector<int>& batch);
  void validate();
  void show_progress(size_t batches);

  Translator& translator_;
  const TrainConfig& config_;
  std::string directory_;
  std::vector<Pair> train_, valid_;
  ParallelText valid_text_;  // the same as valid_
  std::vector<Parameter*> parameters_;
  DataParallel parallel_;
  Adam optimizer_;
  std::vector<Batch> shards_;  // of the current step; the tapes' closures read them
  TrainState state_;
  Progress& progress_;

  double session_start_ = 0, seconds_before_ = 0;     // the sessions before this one took seconds_before_
  double epoch_seconds_ = 0;                          // training only, of this session's part of the epoch
  std::int64_t epoch_words_ = 0, epoch_batches_ = 0;  // likewise
};

}
