#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "examples/translate/translator/model_folder.h"
#include "nn/optim/optimizer.h"
#include "nn/optim/weight_average.h"

/// What a training leaves in the folder of its model (translator/model_folder.h), to go on from and to choose from.

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

/// Writes the model that is the best so far; what translates.
void save_best(const std::string& directory, Translator& translator, const TrainState& state);
/// Writes the model of the state's epoch and removes those that are more than `keep` epochs older.
void save_epoch(const std::string& directory, Translator& translator, const TrainState& state, int keep);
/// Makes the folder a model whose parameters are the mean of those in these files. Throws Error naming the file that is
/// damaged or of another model, before it touches the folder.
void save_mean(const std::string& directory, Translator& translator, const std::vector<std::string>& files);
/// A line about the training of the best model: its epoch and validation BLEU, or what it is the mean of, unless
/// another program wrote the file.
std::string describe_training(const std::string& directory);

/// What changes the parameters, besides the gradients.
struct Updates {
  Optimizer& optimizer;
  WeightAverage* average;  ///< null without one
};
void save_training(const std::string& directory, Translator& translator, const Updates& updates,
                   const TrainState& state);
TrainState load_training(const std::string& directory, Translator& translator, const Updates& updates);

}
