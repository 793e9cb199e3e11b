#pragma once

#include <string>
#include <vector>

#include "examples/translate/training/train_state.h"
#include "examples/translate/translator/model_folder.h"
#include "nn/optim/optimizer.h"
#include "nn/optim/weight_average.h"

/// What a training leaves in the folder of its model (translator/model_folder.h), to go on from and to choose from.

namespace gradus::translate {

/// Writes the model that is the best so far; what translates.
void save_best(const std::string& directory, Translator& translator, const TrainState& state);
/// Gives the model the parameters that `save_best` wrote.
void load_best(const std::string& directory, Translator& translator);
/// Writes the model of the state's epoch and removes those that are more than `keep` epochs older.
void save_epoch(const std::string& directory, Translator& translator, const TrainState& state, int keep);
/// Gives the model the mean of the parameters in these files. Throws Error naming the file that is damaged or of
/// another model.
void load_mean(Translator& translator, const std::vector<std::string>& files);
/// Makes the folder the model of that mean, in the place of the one that is there.
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
