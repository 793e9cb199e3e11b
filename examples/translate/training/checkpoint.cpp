#include "examples/translate/training/checkpoint.h"

#include <filesystem>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/translator/model_files.h"
#include "nn/state_dict.h"
#include "nn/storage/safetensors.h"

namespace gradus::translate {

namespace {

namespace fs = std::filesystem;

constexpr const char* kStateKey = "training";  // in the metadata of both safetensors files
constexpr const char* kMeanKey = "mean_of";    // in that of a mean

Metadata describe(const TrainState& state) { return {{"format", "pt"}, {kStateKey, state_text(state)}}; }

/// What a model's file says of its training: no time, so that the same training writes the same bytes. It is in the
/// log.
Metadata describe_model(TrainState state) {
  state.seconds = 0;
  return describe(state);
}

TrainState state_of(const SafetensorsFile& file, const std::string& path) {
  const auto found = file.metadata().find(kStateKey);
  if (found == file.metadata().end()) fail("{}: no training is described in its metadata", path);
  try {
    return read_state(found->second);
  } catch (const Error& error) {
    fail("{}: the description of the training in its metadata is damaged: {}", path, error.what());
  }
}

/// All numbers with which a training goes on.
std::vector<NamedArray> training_arrays(Translator& translator, const Updates& updates) {
  std::vector<NamedArray> arrays = state_dict(translator.model);
  for (NamedArray& array : updates.optimizer.state()) arrays.push_back(std::move(array));
  if (updates.average == nullptr) return arrays;
  for (NamedArray& array : updates.average->state()) arrays.push_back(std::move(array));
  return arrays;
}

}

void save_best(const std::string& directory, Translator& translator, const TrainState& state) {
  save(translator.model, ModelFolder(directory).best, describe_model(state));
}

void load_best(const std::string& directory, Translator& translator) {
  load(translator.model, ModelFolder(directory).best);
}

void save_epoch(const std::string& directory, Translator& translator, const TrainState& state, int keep) {
  save(translator.model, ModelFolder(directory).epoch(state.epoch), describe_model(state));
  const std::vector<std::string> files = kept_epochs(directory);
  for (size_t i = 0; i + static_cast<size_t>(keep) < files.size(); ++i) remove_file(files[i]);
}

void load_mean(Translator& translator, const std::vector<std::string>& files) {
  const std::vector<NamedArray> parameters = state_dict(translator.model);
  std::vector<std::vector<double>> sums;
  for (const NamedArray& parameter : parameters) sums.emplace_back(parameter.array.size());
  for (const std::string& file : files) {
    SafetensorsFile(file).read_all(parameters);
    for (size_t p = 0; p < parameters.size(); ++p) {
      for (size_t i = 0; i < sums[p].size(); ++i) sums[p][i] += static_cast<double>(parameters[p].array[i]);
    }
  }
  const auto count = static_cast<double>(files.size());
  for (size_t p = 0; p < parameters.size(); ++p) {
    for (size_t i = 0; i < sums[p].size(); ++i) parameters[p].array[i] = static_cast<Real>(sums[p][i] / count);
  }
}

void save_mean(const std::string& directory, Translator& translator, const std::vector<std::string>& files) {
  std::vector<std::string> names;
  for (const std::string& file : files) names.push_back(fs::path(file).filename().string());
  const auto save_parameters = [&](const std::string& folder) {
    save(translator.model, ModelFolder(folder).best, {{"format", "pt"}, {kMeanKey, join_words(names, ", ")}});
  };
  prepare_model(directory, translator, save_parameters)->commit();
  remove_file(ModelFolder(directory).tokens);  // of the model that was there
}

std::string describe_training(const std::string& directory) {
  const ModelFolder folder(directory);
  const SafetensorsFile file(folder.best);
  if (const auto mean = file.metadata().find(kMeanKey); mean != file.metadata().end())
    return "the mean of " + mean->second;
  if (!file.metadata().contains(kStateKey))
    return "its training is not described; another program wrote the parameters";
  const TrainState state = state_of(file, folder.best);
  return fmt::format("trained for {} epochs, validation BLEU {:.2f}", state.best_epoch, state.best_bleu);
}

void save_training(const std::string& directory, Translator& translator, const Updates& updates,
                   const TrainState& state) {
  write_safetensors(ModelFolder(directory).last, training_arrays(translator, updates), describe(state));
}

TrainState load_training(const std::string& directory, Translator& translator, const Updates& updates) {
  const ModelFolder folder(directory);
  if (!folder.has(folder.last)) fail("{}: missing; without it no training can be resumed", folder.last);
  const SafetensorsFile file(folder.last);
  const TrainState state = state_of(file, folder.last);
  const std::vector<NamedArray> arrays = training_arrays(translator, updates);
  file.read_all(arrays);
  require_finite(arrays, folder.last);
  updates.optimizer.learning_rate = state.learning_rate;
  updates.optimizer.steps = static_cast<std::int64_t>(state.step);
  if (updates.average != nullptr) updates.average->steps = updates.optimizer.steps;
  return state;
}

}
