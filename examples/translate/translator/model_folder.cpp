#include "examples/translate/translator/model_folder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string_view>

#include "autograd/error.h"
#include "examples/translate/config/config_file.h"
#include "nn/init.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/safetensors.h"
#include "ops/kernels/reduction.h"

namespace gradus::translate {

namespace fs = std::filesystem;

namespace {

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
  const ModelFolder folder(directory);
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

}

ModelFolder::ModelFolder(const std::string& directory) : directory(directory) {
  const auto file = [&](const char* name) { return (fs::path(directory) / name).string(); };
  config = file("config.json");
  source = file("source");
  target = file("target");
  best = file("model.safetensors");
  last = file("last.safetensors");
  log = file("log.jsonl");
}

bool ModelFolder::has(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string ModelFolder::epoch(int number) const {
  return (fs::path(directory) / fmt::format("epoch-{:04}.safetensors", number)).string();
}

bool holds_model(const std::string& directory) {
  const ModelFolder folder(directory);
  return folder.has(folder.config);
}

bool has_begun(const std::string& directory) {
  const ModelFolder folder(directory);
  return folder.has(folder.best) || folder.has(folder.last);
}

void require_no_training(const char* command, const std::string& directory) {
  const std::vector<std::string> files = training_files(directory);
  if (!files.empty()) fail("{}: {} is there already; --force replaces it", command, files.front());
}

void create_model(const std::string& directory, const Translator& translator) {
  const ModelFolder folder(directory);
  make_folder(directory);
  remove_training(directory);
  try {
    translator.source.save(folder.source);
    translator.target.save(folder.target);
    save_config(directory, translator.config);
  } catch (...) {
    remove_model(directory);  // what is left of it would be in the way of the next try
    throw;
  }
}

void remove_model(const std::string& directory) {
  const ModelFolder folder(directory);
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
  write_config(ModelFolder(directory).config, config);
}

TrainConfig load_config(const std::string& directory) {
  const ModelFolder folder(directory);
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
  const ModelFolder folder(directory);
  const WithoutInit without_init;
  return std::make_unique<Translator>(config, load_languages(folder.source, folder.target, language_options(config)));
}

std::unique_ptr<Translator> load_translator(const std::string& directory) {
  const ModelFolder folder(directory);
  std::unique_ptr<Translator> translator = load_words(directory, load_config(directory));
  if (!folder.has(folder.best) && folder.has(folder.last)) {
    fail("{}: not there yet: the training stopped before its first validation; gradus train --resume --model {}",
         folder.best, directory);
  }
  if (!folder.has(folder.best)) {
    fail(
        "{}: missing: the training ended before it had a model, or the file was moved; gradus train --force --model {} "
        "begins "
        "anew",
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

}
