#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/translate/base/progress.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/data/batches.h"
#include "examples/translate/data/corpus.h"
#include "examples/translate/metrics/bleu.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/training/training_log.h"
#include "examples/translate/training/update.h"
#include "nn/parallel/local_transport.h"

namespace gradus::translate {

/// Trains a translator on the label-smoothed cross-entropy of teacher-forced targets, with the configured optimiser and
/// gradients clipped by their common norm. At ends of epochs, `valid_steps` apart, or as often as
/// `validate_every` says, it translates the validation text, with the moving average of the weights if there is one:
/// the model with the best BLEU stays (`TrainState::is_beaten_by`).
///
/// A checkpoint is saved before the first step, after validations, and as often as `save_every` says.
///
/// The schedule Plateau lowers the learning rate when validations have gained nothing (`TrainState::gains_by`) for
/// `plateau_steps`, down to `kPlateauFloor`, and goes on from the best weights then.
///
/// Everything random depends on the configuration's seed and on a step's number alone. So a training that was stopped
/// anywhere, also in the middle of a step, and resumed ends with the same bits as one that never stopped. With minutes
/// in its configuration that does not hold: where validations are, or, with `max_minutes`, the rate of the schedule
/// Cosine, depends on the speed of the machine then.
class Trainer {
 public:
  /// `translator`, `progress` and `transport` must outlive the trainer. Files go to `directory`, which exists or is
  /// made by `create`, and reports to `progress`.
  ///
  /// On several ranks each has a trainer with the same configuration and text, in the same state, and they run
  /// together: rank 0 writes the files, and its clock and anybody's interrupt hold for all.
  Trainer(Translator& translator, Corpus corpus, std::string directory, Progress& progress,
          Transport& transport = alone());

  /// Goes on where the folder's last checkpoint stopped. Throws Error if that was of another text.
  void resume();

  /// What a training is to take, as its first steps show.
  struct Forecast {
    double seconds = 0;         ///< of all epochs, but for validations
    std::int64_t steps = 0;     ///< of all epochs
    double words_a_second = 0;  ///< of the target text
  };
  /// Trains for some seconds, on the largest batch first, and tells from that how long it will take. The model is of no
  /// use afterwards, and nothing is written.
  Forecast forecast(double seconds);

  /// The model of this training with its first checkpoint, which makes the folder that of this training when it is
  /// committed, in the place of what is there.
  std::unique_ptr<NewModel> prepare();
  void create() { prepare()->commit(); }

  enum class End { Epochs, Patience, Time, Interrupted };
  /// Trains until the configuration says it is enough, or until SIGINT or SIGTERM; then the checkpoint is saved. A
  /// validation is given up then, and takes place when the training goes on.
  ///
  /// Throws Error if the training diverges: if a validation is far worse than a guess among all words, or the loss or a
  /// gradient is no longer finite (`Update::make`).
  End run();

  const TrainState& state() const { return state_; }

 private:
  bool writes() const { return transport_.rank() == 0; }
  /// Lets all ranks know the same time, and whether somebody interrupts.
  void agree();
  Moment now() const;
  bool validation_is_due() const;
  bool out_of_patience() const { return state_.without_gain >= config_.patience; }
  /// Saves a checkpoint.
  void save();
  /// Gives the model, on all ranks, the parameters of the best one.
  void take_best();
  /// Gives all ranks the parameters of rank 0.
  void broadcast_values();
  /// Whether the last one is of this point of the training.
  bool is_saved() const { return saved_.step == state_.step && saved_.epochs == state_.epoch; }
  static constexpr double kMuchUnsaved = 60;  // seconds of work; then a checkpoint comes before a validation
  bool has_much_unsaved() const { return seconds() - saved_.seconds > kMuchUnsaved; }
  /// The share of the time there is, from 0 to 1; 0 if there is no limit.
  double time_spent() const;
  bool out_of_time() const;
  /// The learning rate of the next step, as the configuration's schedule and the validations so far have it.
  double learning_rate() const;
  double seconds() const;
  /// Trains until the epoch ends, somebody interrupts, or time or patience is up, which ends the epoch early. Returns
  /// whether all of its batches are done.
  bool run_epoch();
  /// One change of the weights, by the gradients of some batches together.
  void run_step(std::span<const std::vector<int>> batches);
  /// How far the training is, from 0 to 1.
  double done() const;
  /// Whether the training has come to its end, but for the last validation.
  bool is_over() const;
  Batches batches_of_epoch() const;
  std::int64_t steps_of_epoch() const;
  /// If a validation is due it takes place, unless somebody interrupts it, and a checkpoint is saved. Returns whether
  /// it was due.
  bool validate_if_due();
  void validate();
  /// Lets the mean of the last epochs' models take part in the choice of the best one (`average_last`). To do it again
  /// changes nothing.
  void try_mean_of_last();
  /// What the schedule makes of a validation without a gain.
  void lower_learning_rate();
  /// Whether the cross-entropy of the validation text is twice that of a guess among all words.
  bool diverges(double loss) const;
  /// Throws Error for a training that diverges, and warns, once, of one that has learned nothing.
  void warn_of(double loss);
  void show_progress();

  Translator& translator_;
  const TrainConfig& config_;
  std::string directory_;
  std::shared_ptr<const TokenFile> tokens_;
  Pairs train_;  // in tokens_
  std::vector<Pair> valid_;
  ParallelText valid_text_;  // the same as valid_
  Update update_;
  TrainState state_;
  std::optional<TrainingLog> log_;
  Progress& progress_;
  Transport& transport_;
  double clock_ = 0;      // rank 0's `seconds_now` when they agreed last
  bool stopped_ = false;  // whether somebody had interrupted then
  double unigram_;        // what the validation's cross-entropy is for who knows the frequencies of words
  bool warned_ = false;   // that nothing is learned

  Moment saved_, validated_;                          // the last time, or the beginning of this session
  double session_start_ = 0, seconds_before_ = 0;     // the sessions before this one took seconds_before_
  double round_seconds_ = 0;                          // training only, of this session, since the last validation
  std::int64_t round_words_ = 0, round_batches_ = 0;  // likewise
  size_t batches_ = 0;                                // of the epoch, done or not
};

}
