#include "examples/translate/options/config_options.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "autograd/error.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/config/config_file.h"
#include "examples/translate/config/presets.h"
#include "examples/translate/input/read_file.h"

namespace gradus::translate {

Option option_of(const ConfigField& field, const std::string& name) {
  Option option{.names = name.c_str(), .help = field.help, .group = field.group};
  option.target = std::visit([](auto value) -> OptionTarget { return value; }, field.value);
  const bool is_flag = std::holds_alternative<bool*>(field.value);
  const bool is_list = std::holds_alternative<std::vector<std::string>*>(field.value);
  const bool is_choice = std::holds_alternative<ChoiceReference>(field.value);
  if (is_list) option.count = {2, 2};
  const bool is_interval = std::holds_alternative<Interval*>(field.value);
  if (!is_flag && !is_choice) option.type = is_list ? "SRC TGT" : is_interval ? "INTERVAL" : "N";
  option.range = field.rules.numbers;
  option.negatable = is_flag;
  option.may_repeat = !is_flag && !is_list;
  option.is_input = is_list;
  return option;
}

ConfigOptions::ConfigOptions() {
  for (const ConfigField& field : given_.fields()) fields_.push_back({field, field.option()});
}

Options ConfigOptions::options(bool text_decides) {
  Options options;
  for (Field& field : fields_) {
    options.push_back(option_of(field.field, field.name));
    options.back().given = &field.given;
    options.back().decided = text_decides && field.field.rules.decided;
  }
  options.push_back({.names = "--preset",
                     .target = &preset_,
                     .type = "NAME",
                     .help = "Begin with a configuration that has a name. Other options change it; `gradus presets` "
                             "says what each is for",
                     .group = "Data",
                     .choices = RowOf<presets>::names()});
  options.push_back({.names = "--config",
                     .target = &file_,
                     .type = "FILE",
                     .help = "Read options from a JSON file, such as the config.json of a model",
                     .group = "Data",
                     .is_input = true});
  return options;
}

void ConfigOptions::apply_given(TrainConfig& config) {
  const std::vector<ConfigField> fields = config.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!fields_[i].given) continue;
    fields[i].assign(fields_[i].field);
  }
}

TrainConfig ConfigOptions::resolve() {
  const auto from = [&](TrainConfig config) {
    for (const Preset& preset : presets()) {
      if (preset_ == preset.name) note(read_config_text(preset.name, preset.json, config), Origin::Preset);
    }
    if (!file_.empty()) note(read_config(file_, config), Origin::File);
    return config;
  };
  TrainConfig config = from({});
  if (given_.toy || config.toy) {
    TrainConfig toy = TrainConfig::toy_preset();
    note_changed(toy, Origin::Preset);
    config = from(toy);
  }
  apply_given(config);
  for (const Field& field : fields_) {
    if (field.given) note({field.field.key}, Origin::Option);
  }
  std::vector<std::string> files = {file_};
  files.insert(files.end(), config.train.begin(), config.train.end());
  files.insert(files.end(), config.valid.begin(), config.valid.end());
  require_one_stdin("train", files);  // also of those that FILE names
  require_files(config, input_name(file_));
  return config;
}

void ConfigOptions::require_files(TrainConfig& config, const std::string& file) const {
  const std::vector<ConfigField> fields = config.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto* const paths = std::get_if<std::vector<std::string>*>(&fields[i].value);
    if (paths == nullptr || fields_[i].given) continue;
    for (const std::string& path : **paths) {
      std::error_code ignored;
      if (path != kStdin && !std::filesystem::is_other(path, ignored)) continue;
      fail("{}: {}: {} is {}; need a file, unless {} names it", file, fields[i].key, path,
           path == kStdin ? "standard input" : "a pipe or device", fields[i].option());
    }
  }
}

void ConfigOptions::note_changed(TrainConfig& config, Origin origin) {
  TrainConfig defaults;
  const std::vector<ConfigField> fields = config.fields(), at_first = defaults.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i].equals(at_first[i])) note({fields[i].key}, origin);
  }
}

void ConfigOptions::note(const std::vector<std::string>& keys, Origin origin) {
  for (const std::string& key : keys) origins_[key] = origin;
}

TrainConfig ConfigOptions::resume(TrainConfig begun, const std::string& file) {
  if (!file_.empty() || !preset_.empty()) {
    fail("train: --{} cannot change a training that is resumed; give single options instead",
         file_.empty() ? "preset" : "config");
  }
  const std::vector<ConfigField> before = begun.fields();
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!fields_[i].given || !before[i].rules.lasting || fields_[i].field.equals(before[i])) continue;
    fail("train: {}: {} differs from the {} that the training began with; a resumed training keeps it",
         before[i].option(), fields_[i].field.text(), before[i].text());
  }
  apply_given(begun);
  require_files(begun, file);
  return begun;
}

void ConfigOptions::require_absent(std::span<const char* const> keys, const char* experiment) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const bool decided = std::ranges::count(keys, std::string_view(fields_[i].field.key)) > 0;
    if (decided && fields_[i].given)
      throw UsageError(fmt::format("{}: the experiment {} sets it itself", fields_[i].name, experiment));
  }
}

}
