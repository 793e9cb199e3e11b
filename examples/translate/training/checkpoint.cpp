#include "examples/translate/training/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "autograd/error.h"
#include "nn/state_dict.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/json.h"
#include "nn/storage/safetensors.h"
#include "ops/kernels/kernels.h"

namespace gradus::translate {

namespace {

namespace fs = std::filesystem;

/// The paths of a model's files.
struct Folder {
  explicit Folder(const std::string& directory) : directory(directory) {}
  std::string file(const char* name) const { return (fs::path(directory) / name).string(); }
  bool has(const std::string& path) const {
    std::error_code ignored;
    return fs::exists(path, ignored);
  }
  std::string directory;
  std::string config = file("config.json"), source = file("source"), target = file("target"),  // without extension
      best = file("model.safetensors"), last = file("last.safetensors"), log = file("log.jsonl");
};

constexpr const char* kStateKey = "training";  // in the metadata of both safetensors files
constexpr const char* kMeanKey = "mean_of";    // in that of a mean

/// Calls `visit` for every field of a TrainState with its name, in the order of the names.
void for_each_field(auto& state, const auto& visit) {
  visit("baseline", state.baseline);
  visit("batch", state.batch);
  visit("best_bleu", state.best_bleu);
  visit("best_epoch", state.best_epoch);
  visit("best_loss", state.best_loss);
  visit("epoch", state.epoch);
  visit("learning_rate", state.learning_rate);
  visit("loss_sum", state.loss_sum);
  visit("seconds", state.seconds);
  visit("step", state.step);
  visit("text", state.text);
  visit("without_gain", state.without_gain);
  visit("words", state.words);
}

Metadata describe(const TrainState& state) {
  Json json = Json::object({});
  for_each_field(state, [&](const char* name, const auto& value) { json.set(name, value); });
  return {{"format", "pt"}, {kStateKey, json.dump()}};
}

TrainState state_of(const SafetensorsFile& file, const std::string& path) {
  const auto found = file.metadata().find(kStateKey);
  if (found == file.metadata().end()) fail("{}: no training is described in its metadata", path);
  try {
    const Json json = Json::parse(found->second);
    TrainState state;
    // Fields that a file of an older version does not have keep their default.
    for_each_field(state, [&](const char* name, auto& value) { value = json.value_or(name, value); });
    return state;
  } catch (const Error&) {
    fail("{}: the description of the training in its metadata is damaged", path);
  }
}

constexpr std::string_view kSeedPrefix = "seed-";

/// The seed of a folder with this name, if it is one of those that `seed_folder` gives.
std::optional<std::uint64_t> seed_of(const std::string& name) {
  if (!name.starts_with(kSeedPrefix)) return {};
  std::uint64_t seed = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + kSeedPrefix.size(), end, seed);
  if (error != std::errc() || stop != end || name != fmt::format("{}{}", kSeedPrefix, seed)) return {};
  return seed;
}

/// The files of a training that the folder holds, but for the configuration.
std::vector<std::string> training_files(const std::string& directory) {
  const Folder folder(directory);
  std::vector<std::string> files = kept_epochs(directory);
  files.insert(files.end(), {folder.best, folder.last, folder.log});
  for (const std::string& stem : {folder.source, folder.target}) {
    for (const char* extension : {".vocab", ".model"}) files.push_back(stem + extension);
  }
  std::erase_if(files, [&](const std::string& file) { return !folder.has(file); });
  return files;
}

void remove_training(const std::string& directory) {
  std::error_code ignored;
  for (const std::string& file : training_files(directory)) fs::remove(file, ignored);
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

bool holds_model(const std::string& directory) {
  const Folder folder(directory);
  return folder.has(folder.config);
}

void require_no_training(const char* command, const std::string& directory) {
  const std::vector<std::string> files = training_files(directory);
  if (!files.empty()) fail("{}: {} is there already; --force replaces it", command, files.front());
}

void create_model(const std::string& directory, const Translator& translator) {
  const Folder folder(directory);
  make_folder(directory);
  remove_training(directory);
  translator.source.save(folder.source);
  translator.target.save(folder.target);
  save_config(directory, translator.config);
}

void remove_model(const std::string& directory) {
  const Folder folder(directory);
  std::error_code ignored;
  fs::remove(folder.config, ignored);
  remove_training(directory);
  fs::remove(directory, ignored);
}

std::string seed_folder(const std::string& directory, std::uint64_t seed) {
  return (fs::path(directory) / fmt::format("{}{}", kSeedPrefix, seed)).string();
}

std::vector<std::uint64_t> seeds_in(const std::string& directory) {
  std::vector<std::uint64_t> seeds;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::optional<std::uint64_t> seed = seed_of(entry.path().filename().string());
    if (seed && holds_model(entry.path().string())) seeds.push_back(*seed);
  }
  std::sort(seeds.begin(), seeds.end());
  return seeds;
}

void save_config(const std::string& directory, const TrainConfig& config) {
  write_config(Folder(directory).config, config);
}

TrainConfig load_config(const std::string& directory) {
  const Folder folder(directory);
  if (!folder.has(directory)) fail("{}: no such folder; need the folder of a model", directory);
  if (std::error_code ignored; !fs::is_directory(directory, ignored)) {
    fail("{}: not a folder; need the folder of a model", directory);
  }
  if (folder.has(folder.config)) {
    TrainConfig config;  // fields that a file of an older version does not have keep their default
    read_config(folder.config, config);
    return config;
  }
  if (const auto seeds = seeds_in(directory); !seeds.empty()) {
    fail("{}: the folder holds the models of several seeds; name one of them, such as {}", directory,
         seed_folder(directory, seeds.front()));
  }
  fail("{}: the folder holds no model; {} is missing", directory, folder.config);
}

std::unique_ptr<Translator> load_words(const std::string& directory, const TrainConfig& config) {
  const Folder folder(directory);
  const WithoutInit without_init;
  return std::make_unique<Translator>(config, load_languages(folder.source, folder.target, config));
}

std::unique_ptr<Translator> load_translator(const std::string& directory) {
  const Folder folder(directory);
  std::unique_ptr<Translator> translator = load_words(directory, load_config(directory));
  if (!folder.has(folder.best) && folder.has(folder.last)) {
    fail("{}: not there yet: the training stopped before its first validation; gradus train --resume --model {}",
         folder.best, directory);
  }
  load(translator->model, folder.best);
  for (const NamedArray& parameter : state_dict(translator->model)) {
    if (std::isfinite(kernels::square_sum(parameter.array.data, parameter.array.size()))) continue;
    fail("{}: {} holds a number that is not finite; the file is damaged, or its training went wrong", folder.best,
         parameter.name);
  }
  translator->freeze();
  return translator;
}

void save_best(const std::string& directory, Translator& translator, const TrainState& state) {
  save(translator.model, Folder(directory).best, describe(state));
}

void save_epoch(const std::string& directory, Translator& translator, const TrainState& state, int keep) {
  save(translator.model, Folder(directory).file(fmt::format("epoch-{:04}.safetensors", state.epoch).c_str()),
       describe(state));
  std::vector<std::string> files = kept_epochs(directory);
  std::error_code ignored;
  for (size_t i = 0; i + keep < files.size(); ++i) fs::remove(files[i], ignored);
}

std::vector<std::string> kept_epochs(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("epoch-") && name.ends_with(".safetensors")) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void save_mean(const std::string& directory, Translator& translator, const std::vector<std::string>& files) {
  const std::vector<NamedArray> parameters = state_dict(translator.model);
  std::vector<std::vector<double>> sums;
  for (const NamedArray& parameter : parameters) sums.emplace_back(parameter.array.size());
  std::string names;
  for (const std::string& file : files) {
    SafetensorsFile(file).read_all(parameters);
    for (size_t p = 0; p < parameters.size(); ++p) {
      for (size_t i = 0; i < sums[p].size(); ++i) sums[p][i] += static_cast<double>(parameters[p].array[i]);
    }
    names += (names.empty() ? "" : ", ") + fs::path(file).filename().string();
  }
  const auto count = static_cast<double>(files.size());
  for (size_t p = 0; p < parameters.size(); ++p) {
    for (size_t i = 0; i < sums[p].size(); ++i) parameters[p].array[i] = static_cast<Real>(sums[p][i] / count);
  }
  create_model(directory, translator);
  save(translator.model, Folder(directory).best, {{"format", "pt"}, {kMeanKey, names}});
}

std::string describe_training(const std::string& directory) {
  const Folder folder(directory);
  const SafetensorsFile file(folder.best);
  if (const auto mean = file.metadata().find(kMeanKey); mean != file.metadata().end())
    return "the mean of " + mean->second;
  if (!file.metadata().contains(kStateKey))
    return "its training is not described; another program wrote the parameters";
  const TrainState state = state_of(file, folder.best);
  return fmt::format("trained for {} epochs, validation BLEU {:.2f}", state.best_epoch, state.best_bleu);
}

bool has_begun(const std::string& directory) {
  const Folder folder(directory);
  return folder.has(folder.best) || folder.has(folder.last);
}

void save_training(const std::string& directory, Translator& translator, const Updates& updates,
                   const TrainState& state) {
  write_safetensors(Folder(directory).last, training_arrays(translator, updates), describe(state));
}

TrainState load_training(const std::string& directory, Translator& translator, const Updates& updates) {
  const Folder folder(directory);
  if (!folder.has(folder.last)) fail("{}: missing; without it no training can be resumed", folder.last);
  const SafetensorsFile file(folder.last);
  const TrainState state = state_of(file, folder.last);
  file.read_all(training_arrays(translator, updates));
  updates.optimizer.learning_rate = state.learning_rate;
  updates.optimizer.steps = static_cast<std::int64_t>(state.step);
  if (updates.average != nullptr) updates.average->steps = updates.optimizer.steps;
  return state;
}

std::string log_path(const std::string& directory) { return Folder(directory).log; }

}
