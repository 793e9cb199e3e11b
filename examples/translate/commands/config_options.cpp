#include "examples/translate/commands/config_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <type_traits>

#include "autograd/error.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/commands/choice_option.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/config/presets.h"

namespace gradus::translate {

namespace {

CLI::Option* add_option(CLI::App& command, const ConfigField& field) {
  const std::string name = field.option();
  return std::visit(
      [&](auto* value) -> CLI::Option* {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>) {
          // --name or --no-name
          return command.add_flag(fmt::format("{0},!--no-{1}", name, name.substr(2)), *value, field.help);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          return command.add_option(name, *value, field.help)->expected(2)->type_name("SRC TGT");
        } else if constexpr (Choice<T>) {
          return add_choice(command, name, *value, field.help)->take_last();
        } else {
          CLI::Option* const option = command.add_option(name, *value, field.help)->take_last()->type_name("N");
          if constexpr (std::is_unsigned_v<T>) option->check(not_negative);
          return option->capture_default_str();
        }
      },
      field.value);
}

}

ConfigOptions::ConfigOptions(CLI::App& command) : fields_(config_fields(given_)) {
  for (const ConfigField& field : fields_) options_.push_back(add_option(command, field)->group(field.group));
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.emplace_back(preset.name);
  command.add_option("--preset", preset_, "Begin with a configuration that has a name; other options change it")
      ->check(CLI::IsMember(names))
      ->type_name("NAME")
      ->group("Data");
  command.add_option("--config", file_, "Read options from a JSON file such as the config.json of a model")
      ->type_name("FILE")
      ->group("Data");
}

void ConfigOptions::apply_given(TrainConfig& config) {
  const std::vector<ConfigField> fields = config_fields(config);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (options_[i]->count() == 0) continue;
    fields_[i].check();
    fields[i].assign(fields_[i]);
  }
}

TrainConfig ConfigOptions::resolve() {
  const auto from = [&](TrainConfig config) {
    for (const Preset& preset : presets()) {
      if (preset_ == preset.name) read_config_text(preset.name, preset.json, config);
    }
    if (!file_.empty()) read_config(file_, config);
    return config;
  };
  TrainConfig config = from({});
  if (given_.toy || config.toy) config = from(TrainConfig::toy_preset());
  apply_given(config);
  return config;
}

TrainConfig ConfigOptions::resume(TrainConfig begun) {
  if (!file_.empty() || !preset_.empty()) {
    fail("train: --{} cannot change a training that is resumed; give single options instead",
         file_.empty() ? "preset" : "config");
  }
  const std::vector<ConfigField> before = config_fields(begun);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (options_[i]->count() == 0 || !before[i].lasting || fields_[i].equals(before[i])) continue;
    fail("train: {}: {} differs from the {} that the training began with; a resumed training keeps it",
         before[i].option(), fields_[i].text(), before[i].text());
  }
  apply_given(begun);
  return begun;
}

void ConfigOptions::require_absent(std::span<const char* const> keys, const char* experiment) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const bool decided = std::ranges::count(keys, std::string_view(fields_[i].key)) > 0;
    if (decided && options_[i]->count() > 0)
      throw UsageError(fmt::format("{}: the experiment {} sets it itself", fields_[i].option(), experiment));
  }
}

}
