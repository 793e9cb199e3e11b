#include "examples/translate/translator/model_folder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string_view>

#include "autograd/error.h"
#include "examples/translate/config/config_file.h"
#include "examples/translate/translator/model_files.h"
#include "nn/init.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/regular_file.h"
#include "nn/storage/safetensors.h"

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

/// What a folder's configuration says. Fields that a file of an older version does not have keep their default.
TrainConfig read_config_of_folder(const std::string& path) {
  TrainConfig config;
  read_config_text(path, read_regular_file(path), config);
  return config;
}

/// Whether the file is a configuration, and no other program's file of this name.
bool is_config(const std::string& path) {
  try {
    read_config_of_folder(path);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void write_words(const std::string& directory, const Translator& translator) {
  const ModelFolder folder(directory);
  translator.source.save(folder.source);
  translator.target.save(folder.target);
  save_config(directory, translator.config);
}

/// A model of this configuration with the folder's languages. With a file that its parameters are to be read from, it
/// takes memory for those alone that are there, whatever sizes stand in the configuration.
std::unique_ptr<Translator> make_translator(const std::string& directory, const TrainConfig& config,
                                            const SafetensorsFile* file) {
  const ModelFolder folder(directory);
  Languages languages = load_languages(folder.source, folder.target, language_options(config));
  bool fits = true;
  const WithoutInit without_init([&](const std::string& path, const Shape& shape) {
    if (file == nullptr) return;
    fits = false;
    file->require(path, shape);
    fits = true;
  });
  try {
    return std::make_unique<Translator>(config, std::move(languages));
  } catch (const Error& error) {
    if (!fits) throw;
    fail("{}: {}", folder.config, error.what());
  }
}

}

ModelFolder::ModelFolder(const std::string& folder) : directory(place_of_model(folder)) {
  const auto file = [&](const char* name) { return (fs::path(directory) / name).string(); };
  config = file(kConfigName);
  source = file(kSourceName);
  target = file(kTargetName);
  best = file(kBestName);
  last = file(kLastName);
  log = file(kLogName);
  tokens = file(kTokensName);
}

bool ModelFolder::has(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string ModelFolder::epoch(int number) const { return (fs::path(directory) / epoch_name(number)).string(); }

std::vector<std::string> kept_epochs(const std::string& directory) {
  return epoch_files(ModelFolder(directory).directory);
}

bool holds_model(const std::string& directory) {
  const ModelFolder folder(directory);
  return folder.has(folder.config);
}

bool has_begun(const std::string& directory) {
  const ModelFolder folder(directory);
  return folder.has(folder.last);
}

bool holds_work(const std::string& directory) {
  const ModelFolder folder(directory);
  return folder.has(folder.best) || folder.has(folder.last) || folder.has(folder.log) ||
         !kept_epochs(directory).empty();
}

void require_no_work(const char* command, const std::string& directory) {
  const ModelFolder folder(directory);
  if (is_config(folder.config)) {
    if (holds_work(directory)) fail("{}: {} holds a model already; --force replaces it", command, directory);
    return;  // it was made, and has learned nothing yet
  }
  const std::vector<std::string> files = model_files(folder.directory);
  if (!files.empty()) fail("{}: {} is there already; --force replaces it", command, files.front());
}

void create_model(const std::string& directory, const Translator& translator) {
  prepare_model(directory, translator, [](const std::string&) {})->commit();
}

std::unique_ptr<NewModel> prepare_model(const std::string& directory, const Translator& translator,
                                        const std::function<void(const std::string&)>& write_more) {
  auto model = std::make_unique<NewModel>(directory);
  write_words(model->path(), translator);
  write_more(model->path());
  return model;
}

void remove_model(const std::string& directory) {
  for (const std::string& file : model_files(directory)) remove_file(file);
  remove_file(ModelFolder(directory).tokens);
  std::error_code ignored;
  fs::remove(directory, ignored);
}

std::string seed_folder(const std::string& directory, std::uint64_t seed) {
  return (fs::path(directory) / fmt::format("{}{}", kSeedPrefix, seed)).string();
}

std::vector<std::uint64_t> seeds_in(const std::string& directory) {
  std::vector<std::uint64_t> seeds;
  for (const std::string& name : names_in(directory)) {
    const std::optional<std::uint64_t> seed = seed_of(name);
    if (seed && holds_model(seed_folder(directory, *seed))) seeds.push_back(*seed);
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
  if (folder.has(folder.config)) return read_config_of_folder(folder.config);
  if (const auto seeds = seeds_in(directory); !seeds.empty()) {
    fail("{}: the folder holds the models of several seeds; name one of them, such as {}", directory,
         seed_folder(directory, seeds.front()));
  }
  fail("{}: the folder holds no model; {} is missing", directory, folder.config);
}

void require_finite(std::span<const NamedArray> arrays, const std::string& path) {
  for (const auto& [name, array] : arrays) {
    if (std::all_of(array.begin(), array.end(), [](Real number) { return std::isfinite(number); })) continue;
    fail("{}: {} holds a number that is not finite; the file is damaged, or its training went wrong", path, name);
  }
}

std::unique_ptr<Translator> load_words(const std::string& directory, const TrainConfig& config,
                                       const std::string& parameters) {
  const ModelFolder folder(directory);
  const std::array files = {parameters, folder.last, folder.best};
  const auto file = std::ranges::find_if(files, ModelFolder::has);
  if (file == files.end()) return make_translator(directory, config, nullptr);
  const SafetensorsFile read(*file);
  return make_translator(directory, config, &read);
}

void read_finite(Module& model, const SafetensorsFile& file) {
  const std::vector<NamedArray> parameters = state_dict(model);
  file.read_all(parameters);
  require_finite(parameters, file.path());
}

std::unique_ptr<Translator> load_translator(const std::string& directory) {
  const TrainConfig config = load_config(directory);
  const ModelFolder folder(directory);
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
  const SafetensorsFile file(folder.best);
  std::unique_ptr<Translator> translator = make_translator(directory, config, &file);
  read_finite(translator->model, file);
  translator->freeze();
  return translator;
}

}
