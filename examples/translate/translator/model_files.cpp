#include "examples/translate/translator/model_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>

#include "autograd/error.h"
#include "nn/storage/atomic_file.h"

namespace gradus::translate {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kEpochPrefix = "epoch-";

/// The number of the epoch that a file is named after.
std::optional<int> epoch_of(const std::string& name) {
  int number = 0;
  const std::string_view digits = std::string_view(name).substr(std::min(name.size(), kEpochPrefix.size()));
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number >= 0 && name == epoch_name(number) ? std::optional(number) : std::nullopt;
}

std::string path_in(const std::string& directory, const std::string& name) {
  return (fs::path(directory) / name).string();
}

bool is_model_file(const std::string& name) {
  for (const char* const language : {kSourceName, kTargetName}) {
    if (name == fmt::format("{}.vocab", language) || name == fmt::format("{}.model", language)) return true;
  }
  const std::array names{kConfigName, kBestName, kLastName, kLogName};
  return std::ranges::count(names, std::string_view(name)) > 0 || epoch_of(name).has_value();
}

}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  const bool is_none = error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
  if (error && !is_none) fail("{}: cannot list the folder: {}", directory, error.message());
  std::ranges::sort(names);
  return names;
}

std::string epoch_name(int number) { return fmt::format("{}{:04}.safetensors", kEpochPrefix, number); }

std::vector<std::string> epoch_files(const std::string& directory) {
  std::map<int, std::string> by_epoch;
  for (const std::string& name : names_in(directory)) {
    if (const std::optional<int> epoch = epoch_of(name)) by_epoch.emplace(*epoch, path_in(directory, name));
  }
  std::vector<std::string> paths;
  for (const auto& [_, path] : by_epoch) paths.push_back(path);
  return paths;
}

std::vector<std::string> model_files(const std::string& directory) {
  std::vector<std::string> paths;
  for (const std::string& name : names_in(directory)) {
    if (is_model_file(name)) paths.push_back(path_in(directory, name));
  }
  return paths;
}

void remove_file(const std::string& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) fail("{}: cannot remove the file: {}", path, error.message());
}

void remove_temporary_files(const std::string& directory) {
  for (std::string& name : names_in(directory)) {
    if (!name.ends_with(kTemporarySuffix)) continue;
    name.resize(name.size() - kTemporarySuffix.size());
    if (is_model_file(name) || name == kTokensName) remove_temporary(path_in(directory, name));
  }
}

}
