#pragma once

#include <string>

#include "examples/translate/config/config.h"

namespace gradus::translate {

/// Sets the fields that the JSON file names. Throws Error, naming the file, for malformed JSON, an unknown key (with
/// the key that it resembles), a value of the wrong type or out of range.
void read_config(const std::string& path, TrainConfig& config);

/// Sets the fields that a JSON text names, in the place of a file, which errors call `name`.
void read_config_text(const std::string& name, const std::string& text, TrainConfig& config);

/// Writes all fields, whole or not at all.
void write_config(const std::string& path, TrainConfig config);

}
