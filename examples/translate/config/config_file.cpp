#include "examples/translate/config/config_file.h"

#include <algorithm>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/base/nearest.h"
#include "examples/translate/base/number.h"
#include "examples/translate/config/other_names.h"
#include "examples/translate/input/read_file.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/json.h"

namespace gradus::translate {

namespace {

// What a field holds, out of JSON. Throws Error saying what the JSON is instead.

bool is_path(const Json& json) {
  return json.is<std::string>() && !json.as<std::string>().empty() &&
         json.as<std::string>().find('\0') == std::string::npos;
}

[[noreturn]] void fail_to_read(const Json& json, const std::string& expected) {
  fail("{} is not {}", json.written(), expected);
}

void from_json(const Json& json, const Range&, bool& value) {
  if (!json.is<bool>()) fail_to_read(json, "true or false");
  value = json.as<bool>();
}

template <class Number>
requires std::is_arithmetic_v<Number>
void from_json(const Json& json, const Range& range, Number& value) {
  value = read_number<Number>(json.written(), range);
}

void from_json(const Json& json, const Range&, const ChoiceReference& value) {
  if (json.is<std::string>() && value.parse(json.as<std::string>())) return;
  const auto names = value.names();
  std::vector<std::string> choices;
  for (const char* name : names) choices.push_back(fmt::format("\"{}\"", name));
  const std::string meant = json.is<std::string>() ? nearest(json.as<std::string>(), {names.begin(), names.end()}) : "";
  fail_to_read(json, join_alternatives(choices) + did_you_mean(meant));
}

void from_json(const Json& json, const Range&, std::vector<std::string>& value) {
  if (!json.is<Json::List>() || !(json.size() == 0 || json.size() == 2) || !std::ranges::all_of(json.items(), is_path))
    fail_to_read(json, "a list of two files, [\"SOURCE\", \"TARGET\"]");
  value = json.items_as<std::string>();
}

void from_json(const Json& json, const Range&, Interval& value) {
  value = read_interval(json.is<std::string>() ? json.as<std::string>() : json.written());
}

Json to_json(const auto& value) { return value; }
Json to_json(const Interval& value) { return value.text(); }
Json to_json(const ChoiceReference& value) { return value.name(); }

Json parse(const std::string& path, const std::string& text) {
  require_plain_text(text, path);
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
  std::vector<std::string> keys, options;
  for (const ConfigField& field : fields) {
    keys.emplace_back(field.key);
    options.push_back(field.option());
  }
  const auto elsewhere = std::ranges::find(options, option_here(key, options));
  const std::string meant = elsewhere == options.end() ? nearest(key, keys) : keys[elsewhere - options.begin()];
  fail("{}: unknown key \"{}\"{}", path, key, meant.empty() ? "" : did_you_mean(fmt::format("\"{}\"", meant)));
}

}

std::vector<std::string> read_config(const std::string& path, TrainConfig& config) {
  return read_config_text(input_name(path), read_file(path), config);
}

std::vector<std::string> read_config_text(const std::string& name, const std::string& text, TrainConfig& config) {
  return read_fields(name, text, config.fields());
}

std::vector<std::string> read_fields(const std::string& name, const std::string& text,
                                     const std::vector<ConfigField>& fields) {
  const Json json = parse(name, text);
  if (!json.is<Json::Object>()) fail("{}: not a configuration: the file must hold one JSON object", name);

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
  try {
    field.visit([&](auto& value) { from_json(json, field.rules.numbers, value); });
  } catch (const Error& error) {
    fail("{}: {}: {}", name, field.key, error.what());
  }
}

void write_fields(const std::string& path, const std::vector<ConfigField>& fields) {
  Json json = Json::object({});
  for (const ConfigField& field : fields) field.visit([&](const auto& value) { json.set(field.key, to_json(value)); });
  write_file_atomically(path, json.dump(2) + "\n");
}

void write_config(const std::string& path, TrainConfig config) { write_fields(path, config.fields()); }

}
