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
      this, "train", {}, "Text to learn from: two files, line n of TGT the translation of line n of SRC", may_change()};
  Field<std::vector<std::string>> valid{
      this, "valid", {}, "The same, to tell the best model; or a part is held out", may_change()};
  Field<int> hold_out{this, "hold_out", 0,
                      "Pairs of the training text that take the place of --valid. Where there is none; 0 for a tenth, "
                      "but no more than 1000",
                      by_text()};
  Field<bool> toy{this, "toy", false, "Instead of text, a toy language, English to French. The model is a small one"};
  Field<TokenizerKind> tokenizer{
      this, "tokenizer", TokenizerKind::Whitespace,
      "How lines become words. whitespace: at blanks, for text that is tokenised already; words: punctuation is split "
      "off; bpe and unigram: subwords are learned, so that no word is unknown",
      by_text()};
  Field<int> vocabulary_size{
      this, "vocabulary_size", 0,
      "Words, or subwords, of a language at most. 4 special ones count as well; 0 stands for 8000 "
      "subwords, or for words without limit",
      by_text()};
  Field<bool> joint{this, "joint", false,
                    "One vocabulary for both languages. It is learned from both sides of the training text", by_text()};
  Field<int> min_frequency{this, "min_frequency", 2,
                           "Words that occur less often become <unk>. Without effect on subwords", range(1)};
  Field<int> max_length{this, "max_length", 100, "Leave out training pairs with more words or subwords on a side",
                        range(1).by_text()};
  Field<double> subword_dropout{
      this, "subword_dropout", 0,
      "Share of the merges that --tokenizer bpe leaves out in training. So it cuts words in other ways each epoch",
      range(0, 1)};
  Field<double> subword_sampling{
      this, "subword_sampling", 0,
      "Power of the probabilities by which --tokenizer unigram draws its subwords in training, anew each epoch. The "
      "smaller, the more they differ; 0 for the best ones always",
      range(0, 100)};
  Field<double> concatenate{
      this, "concatenate", 0,
      "Share of the training pairs that another one is appended to, drawn anew each epoch. So a model meets sentences "
      "that are longer than any of the text",
      range(0, 1)};
  Field<bool> lowercase{this, "lowercase", false, "Lowercase all text, in training and in use"};
};

/// How a training goes.
struct TrainingConfig : FieldGroup {
  TrainingConfig();

  Field<int> epochs{this, "epochs", 12, "Passes over the training text", range(1).may_change().by_text()};
  Field<double> max_minutes{this, "max_minutes", 0,
                            "Minutes of training, at most; 0 for no limit. The epoch in which they end is cut short "
                            "for good, and --schedule cosine ends with it",
                            may_change()};
  Field<int> patience{this, "patience", 5,
                      "Stop after so many validations without a gain. It may be one in BLEU or in cross-entropy",
                      range(1).may_change().by_text()};
  Field<int> valid_steps{
      this, "valid_steps", 200,
      "Steps between two validations at least. The next end of an epoch then has one, and the last one in any case",
      range(1).may_change()};
  Field<Interval> validate_every{
      this,
      "validate_every",
      {},
      "Validate as often as this, 500steps, 10min or 2epochs, and at the end. off: at ends of epochs, --valid-steps "
      "apart",
      may_change()};
  Field<Interval> save_every{this,
                             "save_every",
                             {10, IntervalUnit::Minutes},
                             "Save a checkpoint as often as this, 500steps, 10min or 2epochs, and at validations. So "
                             "much work is lost at most, if the machine stops",
                             may_change()};
  Field<int> batch_size{this, "batch_size", 64, "Sentence pairs in a batch", range(1, 1 << 20).by_text()};
  Field<int> batch_tokens{this, "batch_tokens", 0,
                          "Target words in a batch, instead of a number of pairs; 0 for --batch-size"};
  Field<int> pool_batches{this, "pool_batches", 100, "Batches whose sentences are sorted by length together",
                          range(1, 1 << 20)};
  Field<int> accumulate{this, "accumulate", 1, "Batches whose gradients make one step", range(1, 1 << 20)};
  Field<OptimizerKind> optimizer{this, "optimizer", OptimizerKind::Adam, "How the gradient moves the weights"};
  Field<double> learning_rate{this, "learning_rate", 1e-3, "How large the steps of the training are, after the warm-up",
                              above(0, 100).by_text()};
  Field<Schedule> schedule{this, "schedule", Schedule::Plateau,
                           "How the learning rate goes on. plateau: it falls when validations gain nothing; cosine: to "
                           "0 at the end of the last epoch or of --max-minutes; inverse-sqrt: with the root of the "
                           "steps; halving: by half an epoch; constant: not at all",
                           by_text()};
  Field<int> warm_up{this, "warm_up", 0, "Steps in which the learning rate rises to its value", by_text()};
  Field<double> learning_rate_decay{this, "learning_rate_decay", 0.5,
                                    "Factor on the learning rate of --schedule plateau", above(0, 1)};
  Field<int> plateau_steps{this, "plateau_steps", 400,
                           "Steps without a gain after which --schedule plateau lowers the learning rate", range(1)};
  Field<int> halve_after{this, "halve_after", 5, "Epochs before --schedule halving begins"};
  Field<double> weight_decay{
      this, "weight_decay", 0,
      "Share of the weights that a step with learning rate 1 takes from them. With adam this is AdamW", range(0, 100)};
  Field<double> label_smoothing{this, "label_smoothing", 0.1,
                                "Share of the probability that is given to all words alike", range(0, 0.95)};
  Field<double> r_drop{this, "r_drop", 0,
                       "Weight of R-Drop: how much two passes with other dropout must agree on each word. A step then "
                       "takes about twice as long; 0 for one pass",
                       range(0, 100)};
  Field<double> clip{this, "clip", 1, "Largest norm of the whole gradient; 0 for no limit"};
  Field<LossMean> loss_mean{
      this, "loss_mean", LossMean::Words,
      "What the loss of a step is the mean over. Plain gradient descent and --clip see the difference"};
  Field<double> average_decay{
      this, "average_decay", 0,
      "Decay of a moving average of the weights; 0 for none. The average is what is validated and saved",
      range(0, 0.999999)};
  Field<double> scheduled_sampling{
      this, "scheduled_sampling", 0,
      "Share of words that the decoder reads from itself in training. It is reached evenly over all epochs",
      range(0, 1).only(Part::Recurrence)};
  Field<double> reinforce_weight{
      this, "reinforce_weight", 0.1,
      "Weight of what --scope hard learns from the positions it drew. It learns as soft attention besides",
      range(0, 100)};
  Field<double> reinforce_discount{this, "reinforce_discount", 0.5,
                                   "Share of the next word's loss that a drawn position answers for. Of the one after "
                                   "that it is the square, and so on",
                                   range(0, 1)};
  Field<double> entropy_weight{this, "entropy_weight", 0.002,
                               "Weight of the entropy of --scope hard, which keeps it from settling too soon",
                               range(0, 100)};
  Field<int> average_last{this, "average_last", 0,
                          "Keep the models of so many last epochs, and try their mean at the end. It stays if its "
                          "validation is the best; 0 for none"};
  Field<int> keep_epochs{this, "keep_epochs", 0, "Keep the models of so many last epochs, for `gradus average`",
                         may_change()};
  Field<int> valid_beam{this, "valid_beam", 1, "Beam of the translations in validation; 1 is greedy search",
                        range(1, 1000).may_change()};
  Field<std::uint64_t> seed{this, "seed", 1, "Seed of the first weights, the order of the text and dropout",
                            range(0, Range().high)};
};

/// What a training runs on.
struct MachineConfig : FieldGroup {
  MachineConfig();

  Field<int> groups{
      this, "groups", 1,
      "Parts of a step that the processes of mpirun share out, one each if nothing is said. Results depend "
      "on it, and not on the number of processes",
      range(1, 4096)};
  Field<int> shards{this, "shards", 2, "Parts of a group that run side by side. Results depend on it", range(1, 1024)};
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
