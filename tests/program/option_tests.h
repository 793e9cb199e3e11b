#pragma once

#include <string>
#include <vector>

#include "examples/translate/config/config.h"

/// Tests of single options of a training. `test_options.cpp` walks over all fields of a configuration, and over all
/// values of those that are choices, and fails for one that has no entry in these tables.
namespace gradus::translate {

/// Two configurations that differ in one field only.
struct OptionTrial {
  TrainConfig without, with;
};

struct OptionTest {
  std::string key;
  std::string value;            ///< as JSON
  std::string base;             ///< fields, as JSON, without which the option could not be seen; may be empty
  void (*check)(OptionTrial&);  ///< fails if the option does nothing, or something else than it says
};

std::vector<OptionTest> text_option_tests();
std::vector<OptionTest> model_option_tests();
std::vector<OptionTest> attention_option_tests();
std::vector<OptionTest> dropout_option_tests();
std::vector<OptionTest> training_option_tests();
std::vector<OptionTest> saving_option_tests();

}
