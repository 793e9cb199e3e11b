#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "examples/translate/base/choices.h"
#include "examples/translate/base/tokenizer_kind.h"
#include "examples/translate/config/model_config.h"

namespace gradus::translate {

/// How the gradient moves the weights: Adam (with a weight decay AdamW), plain gradient descent, or Adadelta.
enum class OptimizerKind { Adam, Sgd, Adadelta };
template <>
inline constexpr std::array kChoices<OptimizerKind>{"adam", "sgd", "adadelta"};

/// How the learning rate goes on after the warm-up.
enum class Schedule {
  Plateau,      ///< multiplied by `learning_rate_decay` when validations gain nothing any more, down to `kPlateauFloor`
  Cosine,       ///< along half a cosine to 0 at the end of the last epoch
  InverseSqrt,  ///< as 1/√step
  Halving,      ///< halved before every epoch after the first `halve_after` (Luong et al. 2015, section 4.1)
  Constant,
};
template <>
inline constexpr std::array kChoices<Schedule>{"plateau", "cosine", "inverse-sqrt", "halving", "constant"};

/// How far `Schedule::Plateau` lowers the learning rate, as a share of the one it began with.
constexpr double kPlateauFloor = 0.01;

/// What the loss of a step is the mean over. Its gradient grows with it, which plain gradient descent and clipping see.
enum class LossMean { Words, Sentences };
template <>
inline constexpr std::array kChoices<LossMean>{"words", "sentences"};

/// What text a model learns from, and how it is cut into words.
struct DataConfig : FieldGroup {
  DataConfig();

  Field<std::vector<std::string>> train{
      this,
      "train",
      {},
      "Training text: two files of as many lines, line n of TGT translates line n of SRC",
      may_change()};
  Field<std::vector<std::string>> valid{
      this, "valid", {}, "Validation text, which decides what the best model is", may_change()};
  Field<int> hold_out{
      this, "hold_out", 0,
      "Pairs of the training text that are kept for validation where there is no --valid; 0 for a tenth, but "
      "no more than 1000"};
  Field<bool> toy{this, "toy", false, "Train on the built-in toy language, English to French, with a small model"};
  Field<TokenizerKind> tokenizer{
      this, "tokenizer", TokenizerKind::Whitespace,
      "whitespace (the text is tokenised already), words (raw text; splits off punctuation), bpe or unigram (raw "
      "text; learns subwords, so that no word is unknown)"};
  Field<int> vocabulary_size{
      this, "vocabulary_size", 0,
      "Words or subwords of each language at most, 4 special ones included; 0 for 8000 subwords, or for words without "
      "limit"};
  Field<bool> joint{this, "joint", false,
                    "One vocabulary for both languages, learned from both sides of the training text"};
  Field<int> min_frequency{this, "min_frequency", 2,
                           "Words that occur less often in the training text become <unk>; without effect on subwords",
                           range(1)};
  Field<int> max_length{this, "max_length", 100, "Training pairs with more words or subwords on a side are left out",
                        range(1)};
  Field<bool> lowercase{this, "lowercase", false, "Lowercase all text, in training and in use"};
};

/// How a training goes.
struct TrainingConfig : FieldGroup {
  TrainingConfig();

  Field<int> epochs{this, "epochs", 12, "Passes over the training text at most", range(1).may_change()};
  Field<double> max_minutes{this, "max_minutes", 0,
                            "Training time at most; the epoch in which it ends is cut short for good, and schedule "
                            "cosine ends with it; 0 for "
                            "no limit",
                            may_change()};
  Field<int> patience{this, "patience", 5, "Stop after so many validations without a gain, in BLEU or in cross-entropy",
                      range(1).may_change()};
  Field<int> valid_steps{
      this, "valid_steps", 200,
      "Steps between two validations at least; the next end of an epoch then has one, and the last one in any case",
      range(1).may_change()};
  Field<int> batch_size{this, "batch_size", 64, "Sentence pairs in a batch", range(1, 1 << 20)};
  Field<int> batch_tokens{this, "batch_tokens", 0,
                          "Target words in a batch instead of a number of pairs; 0 for --batch-size pairs"};
  Field<int> pool_batches{this, "pool_batches", 100, "Batches whose sentences are sorted by length together",
                          range(1, 1 << 20)};
  Field<int> accumulate{this, "accumulate", 1, "Batches whose gradients make one step", range(1, 1 << 20)};
  Field<OptimizerKind> optimizer{this, "optimizer", OptimizerKind::Adam, "adam, sgd or adadelta"};
  Field<double> learning_rate{this, "learning_rate", 1e-3, "Learning rate, after the warm-up", above(0, 100)};
  Field<Schedule> schedule{this, "schedule", Schedule::Plateau,
                           "How the learning rate goes on: falling when validations gain nothing (plateau), to 0 at "
                           "the end of the last epoch "
                           "or of --max-minutes (cosine), with the root of the steps (inverse-sqrt), by half an epoch "
                           "(halving), or not at all (constant)"};
  Field<int> warm_up{this, "warm_up", 0, "Steps in which the learning rate rises to its value"};
  Field<double> learning_rate_decay{this, "learning_rate_decay", 0.5, "Factor on the learning rate of schedule plateau",
                                    above(0, 1)};
  Field<int> plateau_steps{this, "plateau_steps", 400,
                           "Steps without a gain in validations after which schedule plateau lowers the learning rate",
                           range(1)};
  Field<int> halve_after{this, "halve_after", 5, "Epochs before schedule halving begins"};
  Field<double> weight_decay{this, "weight_decay", 0,
                             "Share of the weights that a step with learning rate 1 takes from them (with adam: AdamW)",
                             range(0, 100)};
  Field<double> label_smoothing{this, "label_smoothing", 0.1, "Share of the probability given to all words alike",
                                range(0, 0.95)};
  Field<double> clip{this, "clip", 1, "Largest norm of the gradient of all parameters together; 0 for no limit"};
  Field<LossMean> loss_mean{
      this, "loss_mean", LossMean::Words,
      "What the loss of a step is the mean over, which sgd and the limit of the norm see: words or sentences"};
  Field<double> average_decay{
      this, "average_decay", 0,
      "Decay of the moving average of the weights, which is what is validated and saved; 0 for no average",
      range(0, 0.999999)};
  Field<double> scheduled_sampling{
      this, "scheduled_sampling", 0,
      "Share of words that the decoder reads from itself in training, reached evenly over all epochs",
      range(0, 1).only(Part::Recurrence)};
  Field<double> reinforce_weight{
      this, "reinforce_weight", 0.1,
      "Weight of what hard attention learns from the positions it drew, beside what it learns as soft attention",
      range(0, 100)};
  Field<double> reinforce_discount{
      this, "reinforce_discount", 0.5,
      "Share of the next word's loss that a drawn position answers for; of the one after that the square, and so on",
      range(0, 1)};
  Field<double> entropy_weight{this, "entropy_weight", 0.002,
                               "Weight of the entropy of hard attention, which keeps it from settling too soon",
                               range(0, 100)};
  Field<int> keep_epochs{this, "keep_epochs", 0, "Last epochs whose models are kept in the folder, for gradus average",
                         may_change()};
  Field<int> valid_beam{this, "valid_beam", 1, "Beam of the translations made in validation; 1 is greedy search",
                        range(1, 1000).may_change()};
  Field<std::uint64_t> seed{this, "seed", 1, "Seed of the initial weights, the order of the text and dropout",
                            range(0, Range().high)};
};

/// What a training runs on.
struct MachineConfig : FieldGroup {
  MachineConfig();

  Field<int> shards{this, "shards", 2, "Parts that a step is cut into, to run side by side; results depend on it",
                    range(1, 1024)};
  Field<int> threads{this, "threads", 0, "Threads; 0 for as many as there are cores. Results do not depend on it",
                     range(0, 1024).may_change()};
};

/// Everything that decides what a training does. Two trainings with the same configuration and the same text end with
/// the same weights, to the bit; `threads` alone has no part in that.
struct TrainConfig : DataConfig, ModelConfig, TrainingConfig, MachineConfig {
  /// What trains on the toy language within half a minute.
  static TrainConfig toy_preset();

  /// The fields of all parts, in their order.
  std::vector<ConfigField> fields();
  /// Throws Error for a field that changes a part which the model does not have. Mere sizes of such parts do not
  /// matter.
  void check_architecture() const;
};

}
