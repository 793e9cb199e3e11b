#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "examples/translate/translator/translator.h"
#include "nn/optim/optimizer.h"
#include "nn/optim/weight_average.h"

/// The folder of a model:
///
///     config.json                  how it is trained (config.h)
///     source.vocab, target.vocab   its words; or, for subwords,
///     source.model, target.model   the models of sentencepiece, which hold them. With a joint vocabulary the two files
///                                  of the languages are the same
///     model.safetensors            the parameters with the best validation BLEU so far; what translates
///     last.safetensors             the parameters at the last stop, the optimiser's state and a `TrainState`
///     epoch-0012.safetensors       the parameters after an epoch, of the last ones if the configuration keeps them
///     log.jsonl                    every step and every validation (training_log.h)
///
/// A training with several seeds makes a folder of others, one for each: seed-1, seed-2, …
///
/// All but the log is written whole or not at all, so a folder is good at any moment of a training.

namespace gradus::translate {

/// Where a training stands, besides the numbers of model and optimiser. With them it goes on as if it had not stopped.
struct TrainState {
  int epoch = 0;           ///< epochs that are complete
  int batch = 0;           ///< batches that are complete in the epoch after them
  std::uint64_t step = 0;  ///< steps so far; the seed of a step's dropout depends on it
  double learning_rate = 0;
  double loss_sum = 0;     ///< of the words of this epoch so far
  std::int64_t words = 0;  ///< target words of this epoch so far
  double best_bleu = -1;   ///< negative before the first validation
  double best_loss = 0;    ///< the validation cross-entropy of the best model, which decides between equal BLEUs
  int best_epoch = 0;
  int without_gain = 0;    ///< validations since the best one
  double baseline = 0;     ///< of hard attention: the moving average of a word's loss
  double seconds = 0;      ///< spent on training and validation, in all sessions together
  std::uint64_t text = 0;  ///< the `fingerprint` of the text that is learned; 0 in files that know of none

  /// Whether a validation with these numbers is better than the best one so far.
  bool is_beaten_by(double bleu, double loss) const {
    return bleu > best_bleu || (bleu == best_bleu && loss < best_loss);
  }
};

/// Whether the folder holds a model, or the beginning of one.
bool holds_model(const std::string& directory);

/// Throws Error, which begins with the command's name, if the folder holds files that `create_model` would remove.
void require_no_training(const char* command, const std::string& directory);

/// Makes the folder if need be and writes configuration and languages; a model that was there is removed.
void create_model(const std::string& directory, const Translator& translator);

/// Removes the files of a model, and the folder if nothing else is in it.
void remove_model(const std::string& directory);

/// The folder of a seed's model, in that of a training with several seeds.
std::string seed_folder(const std::string& directory, std::uint64_t seed);
/// The seeds whose models are in the folder, ascending; none if it is no folder of a training with several seeds.
std::vector<std::uint64_t> seeds_in(const std::string& directory);

/// A model that is ready to translate: the best one, in evaluation mode. Throws Error naming the file that is missing,
/// cut off or does not belong to the others.
std::unique_ptr<Translator> load_translator(const std::string& directory);
void save_best(const std::string& directory, Translator& translator, const TrainState& state);
/// Writes the model of the state's epoch and removes those that are more than `keep` epochs older.
void save_epoch(const std::string& directory, Translator& translator, const TrainState& state, int keep);
/// The paths of the models that were kept, in the order of their epochs.
std::vector<std::string> kept_epochs(const std::string& directory);
/// Makes the folder a model whose parameters are the mean of those in these files. Throws Error naming the file that is
/// damaged or of another model, before it touches the folder.
void save_mean(const std::string& directory, Translator& translator, const std::vector<std::string>& files);
/// A line about the training of the best model: its epoch and validation BLEU, or what it is the mean of, unless
/// another program wrote the file.
std::string describe_training(const std::string& directory);

/// The configuration with which the training in the folder began.
TrainConfig load_config(const std::string& directory);
void save_config(const std::string& directory, const TrainConfig& config);
/// A model of this configuration with the folder's languages; its parameters are still to be read.
std::unique_ptr<Translator> load_words(const std::string& directory, const TrainConfig& config);

/// What changes the parameters, besides the gradients.
struct Updates {
  Optimizer& optimizer;
  WeightAverage* average;  ///< null without one
};
/// Whether a training in the folder has saved anything to go on from.
bool has_begun(const std::string& directory);
void save_training(const std::string& directory, Translator& translator, const Updates& updates,
                   const TrainState& state);
TrainState load_training(const std::string& directory, Translator& translator, const Updates& updates);

/// The path of the training's log.
std::string log_path(const std::string& directory);

}
