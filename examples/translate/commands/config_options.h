#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "examples/translate/config/config.h"

namespace CLI {
class App;
class Option;
}

namespace gradus::translate {

/// A configuration on the command line: an option for every field, `--preset NAME` and `--config FILE`.
///
/// What counts, from weak to strong: the defaults (of the toy preset under `--toy`), the preset, FILE, the options.
class ConfigOptions {
 public:
  /// Adds the options to the command, which must not outlive this.
  explicit ConfigOptions(CLI::App& command);
  ConfigOptions(const ConfigOptions&) = delete;
  ConfigOptions& operator=(const ConfigOptions&) = delete;

  /// The configuration of a new training.
  TrainConfig resolve();

  /// The configuration of a training that goes on: the one it began with, and those options that may change. Throws
  /// Error for an option that would make it another training.
  TrainConfig resume(TrainConfig begun);

  /// Throws UsageError if one of these fields, which an experiment sets itself, was given as an option.
  void require_absent(std::span<const char* const> keys, const char* experiment) const;

 private:
  void apply_given(TrainConfig& config);

  TrainConfig given_;
  std::vector<ConfigField> fields_;    // of given_
  std::vector<CLI::Option*> options_;  // of the fields
  std::string preset_, file_;
};

}
