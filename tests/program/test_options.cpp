#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "examples/translate/config/config_file.h"
#include "examples/translate/options/command_line.h"
#include "examples/translate/options/config_options.h"
#include "nn/storage/json.h"
#include "tests/program/option_tests.h"
#include "tests/program/training_run.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

std::vector<OptionTest> all_tests() {
  std::vector<OptionTest> tests = text_option_tests();
  for (const auto& more : {model_option_tests(), attention_option_tests(), dropout_option_tests(),
                           training_option_tests(), saving_option_tests()})
    tests.insert(tests.end(), more.begin(), more.end());
  return tests;
}

OptionTrial trial_of(const OptionTest& test) {
  OptionTrial trial{small_training(), {}};
  if (!test.base.empty()) read_config_text("base", test.base, trial.without);
  trial.with = trial.without;
  read_config_text("value", fmt::format(R"({{"{}": {}}})", test.key, test.value), trial.with);
  return trial;
}

/// What must have a test: every field, or every value of one that is a choice but the value it has without the option.
std::set<std::string> what_needs_a_test() {
  TrainConfig config = small_training();
  std::set<std::string> needed;
  for (const ConfigField& field : config.fields()) {
    if (const auto* const choice = std::get_if<ChoiceReference>(&field.value)) {
      for (const std::string name : choice->names()) {
        if (name != field.text()) needed.insert(fmt::format("{} \"{}\"", field.key, name));
      }
    } else {
      needed.insert(field.key);
    }
  }
  return needed;
}

/// Whether the option stands for several others, or decides by what name they go.
bool is_combination(const OptionTest& test) { return test.key == "attention" || test.key == "attend"; }

/// The words of a command line that mean the same as the JSON value.
std::vector<std::string> command_line(const ConfigField& field, const std::string& value) {
  const Json json = Json::parse(value);
  if (json.is<bool>()) return {json.as<bool>() ? field.option() : "--no-" + field.option().substr(2)};
  std::vector<std::string> words = {field.option()};
  if (json.is<Json::List>()) {
    for (const Json& file : json.items()) words.push_back(file.as<std::string>());
  } else {
    words.push_back(json.is<std::string>() ? json.as<std::string>() : value);
  }
  return words;
}

}

TEST_CASE("options: there is a test of every field of a configuration, and of every choice") {
  const std::set<std::string> needed = what_needs_a_test();
  std::set<std::string> tested;
  for (const OptionTest& test : all_tests()) {
    tested.insert(needed.contains(test.key) ? test.key : test.key + " " + test.value);
  }
  for (const std::string& name : needed) CHECK_MESSAGE(tested.contains(name), "without a test: ", name);
  for (const std::string& name : tested) CHECK_MESSAGE(needed.contains(name), "no such option: ", name);
}

TEST_CASE("options: the command line sets the field that the file sets, and no other") {
  for (const OptionTest& test : all_tests()) {
    CAPTURE(test.key);
    TrainConfig from_file, defaults;
    // An alternative value for the small training may be the default of all others.
    const std::string base = fmt::format(R"({{"{}": {}}})", test.key, test.value);
    read_config_text("value", base, from_file);
    if (from_file.toy) continue;  // brings a preset of its own: test_config.cpp
    const auto fields = from_file.fields();
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.key == test.key; });
    REQUIRE(field != fields.end());
    ConfigOptions options;
    parse_words({.name = "train", .help = "", .options = options.options()}, command_line(*field, test.value));
    TrainConfig from_words = options.resolve();
    const auto parsed = from_words.fields(), untouched = defaults.fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      CAPTURE(fields[i].key);
      CHECK(parsed[i].equals(fields[i]));
      if (fields[i].key != test.key && !is_combination(test)) CHECK(parsed[i].equals(untouched[i]));
    }
  }
}

TEST_CASE("options: each does to a training what it says, and would be missed") {
  for (const OptionTest& test : all_tests()) {
    CAPTURE(test.key);
    CAPTURE(test.value);
    OptionTrial trial = trial_of(test);
    const auto without = trial.without.fields(), with = trial.with.fields();
    std::size_t differing = 0;
    for (std::size_t i = 0; i < with.size(); ++i) differing += !with[i].equals(without[i]);
    REQUIRE((is_combination(test) ? differing >= 1 : differing == 1));
    test.check(trial);
  }
}
