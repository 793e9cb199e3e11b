#pragma once

#include <span>
#include <string>
#include <vector>

#include "examples/translate/config/config.h"
#include "examples/translate/config/origin.h"
#include "examples/translate/options/command.h"

namespace gradus::translate {

/// The option that sets a field; `name`, which is its own, must outlive it.
Option option_of(const ConfigField& field, const std::string& name);

/// A configuration on the command line: an option for every field, `--preset NAME` and `--config FILE`.
///
/// What counts, from weak to strong: the defaults (of the toy preset under `--toy`), the preset, FILE, the options.
/// FILE, and the configuration of a training that goes on, may come from anyone: Error for text that they name and that
/// may never end, a pipe, a device or standard input. An option may name these.
class ConfigOptions {
 public:
  ConfigOptions();
  ConfigOptions(const ConfigOptions&) = delete;
  ConfigOptions& operator=(const ConfigOptions&) = delete;

  /// The options, which set what this holds: they must not outlive it.
  /// With `text_decides` help says of those that the text decides (recipe/recipe.h) that it does.
  Options options(bool text_decides = false);

  /// The configuration of a new training.
  TrainConfig resolve();
  /// Where the values of what `resolve` returned come from.
  const Origins& origins() const { return origins_; }
  bool has_preset() const { return !preset_.empty(); }

  /// The configuration of a training that goes on: the one it began with, which stands in `file`, and those options
  /// that may change. Throws Error for an option that would make it another training.
  TrainConfig resume(TrainConfig begun, const std::string& file);

  /// Throws UsageError if one of these fields, which an experiment sets itself, was given as an option.
  void require_absent(std::span<const char* const> keys, const char* experiment) const;

 private:
  void apply_given(TrainConfig& config);
  /// Throws Error for a text that may never end, if no option names it.
  void require_files(TrainConfig& config, const std::string& file) const;
  void note(const std::vector<std::string>& keys, Origin origin);
  /// Notes the fields that are not at their defaults.
  void note_changed(TrainConfig& config, Origin origin);

  struct Field {
    ConfigField field;  // of given_
    std::string name;
    bool given = false;
  };

  TrainConfig given_;
  std::vector<Field> fields_;
  std::string preset_, file_;
  Origins origins_;
};

}
