#include "examples/translate/config/config_file.h"

#include <algorithm>
#include <limits>

#include "autograd/error.h"
#include "examples/translate/base/nearest.h"
#include "examples/translate/base/read_file.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/json.h"

namespace gradus::translate {

namespace {

// What a field holds, out of JSON; `false` when the JSON is of another type.

bool from_json(const Json& json, bool& value) {
  if (!json.is<bool>()) return false;
  value = json.as<bool>();
  return true;
}

bool from_json(const Json& json, int& value) {
  if (!json.is_integer()) return false;
  value = static_cast<int>(
      std::clamp<double>(json.as<double>(), std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
  return true;
}

bool from_json(const Json& json, std::uint64_t& value) {
  if (!json.is<std::uint64_t>()) return false;
  value = json.as<std::uint64_t>();
  return true;
}

bool from_json(const Json& json, double& value) {
  if (!json.is_number()) return false;
  value = json.as<double>();
  return true;
}

bool from_json(const Json& json, const ChoiceReference& value) {
  return json.is<std::string>() && value.parse(json.as<std::string>());
}

bool from_json(const Json& json, std::vector<std::string>& value) {
  if (!json.is<Json::List>() || !(json.size() == 0 || json.size() == 2) ||
      !std::ranges::all_of(json.items(), &Json::is<std::string>))
    return false;
  value = json.items_as<std::string>();
  return true;
}

Json to_json(const auto& value) { return value; }
Json to_json(const ChoiceReference& value) { return value.name(); }

std::string expected(bool) { return "true or false"; }
std::string expected(int) { return "a whole number"; }
std::string expected(std::uint64_t) { return "a whole number, not negative"; }
std::string expected(double) { return "a number"; }
/// `"a", "b" or "c"`
std::string expected(const ChoiceReference& value) {
  std::string text;
  const auto names = value.names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += fmt::format("{}\"{}\"", i == 0 ? "" : i + 1 < names.size() ? ", " : " or ", names[i]);
  }
  return text;
}
std::string expected(const std::vector<std::string>&) { return "a list of two files, [\"SOURCE\", \"TARGET\"]"; }

Json parse(const std::string& path, const std::string& text) {
  try {
    return Json::parse(text);
  } catch (const JsonError& error) {
    fail("{}: malformed JSON: {}", path, error.what());
  } catch (const Error& error) {
    fail("{}: {}", path, error.what());
  }
}

[[noreturn]] void fail_unknown(const std::string& path, const std::string& key,
                               const std::vector<ConfigField>& fields) {
  std::vector<std::string> keys;
  for (const ConfigField& field : fields) keys.emplace_back(field.key);
  const std::string similar = nearest(key, keys);
  fail("{}: unknown key \"{}\"{}", path, key, similar.empty() ? "" : fmt::format("; did you mean \"{}\"?", similar));
}

}

std::vector<std::string> read_config(const std::string& path, TrainConfig& config) {
  return read_config_text(path, read_file(path), config);
}

std::vector<std::string> read_config_text(const std::string& name, const std::string& text, TrainConfig& config) {
  const Json json = parse(name, text);
  if (!json.is<Json::Object>()) fail("{}: not a configuration: the file must hold one JSON object", name);

  const std::vector<ConfigField> fields = config.fields();
  for (const auto& [key, _] : json.members()) {
    if (std::ranges::none_of(fields, [&key = key](const auto& field) { return field.key == key; }))
      fail_unknown(name, key, fields);
  }
  std::vector<std::string> keys;
  for (const ConfigField& field : fields) {
    const Json* const entry = json.find(field.key);
    if (entry == nullptr) continue;
    set_field(name, field, *entry);
    keys.emplace_back(field.key);
  }
  return keys;
}

void set_field(const std::string& name, const ConfigField& field, const Json& json) {
  field.visit([&](auto& value) {
    if (!from_json(json, value)) fail("{}: {}: {} is not {}", name, field.key, json.dump(), expected(value));
  });
  try {
    field.check();
  } catch (const Error& error) {
    fail("{}: {}", name, error.what());
  }
}

void write_config(const std::string& path, TrainConfig config) {
  Json json = Json::object({});
  for (const ConfigField& field : config.fields())
    field.visit([&](const auto& value) { json.set(field.key, to_json(value)); });
  write_file_atomically(path, json.dump(2) + "\n");
}

}
