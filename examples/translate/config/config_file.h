#pragma once

#include <string>
#include <vector>

#include "examples/translate/config/config.h"

namespace gradus::inline GRADUS_PRECISION {
class Json;
}

namespace gradus::translate {

/// Sets the fields that the JSON file names, and returns their keys. Throws Error, naming the file, for malformed JSON,
/// an unknown key (with the key that it resembles), a value of the wrong type or out of range.
std::vector<std::string> read_config(const std::string& path, TrainConfig& config);

/// Sets the fields that a JSON text names, in the place of a file, which errors call `name`.
std::vector<std::string> read_config_text(const std::string& name, const std::string& text, TrainConfig& config);

/// Sets those of the fields that a JSON text names, and returns their keys. Errors are those of `read_config`.
std::vector<std::string> read_fields(const std::string& name, const std::string& text,
                                     const std::vector<ConfigField>& fields);

/// Sets a field to a value of JSON. Throws Error, which begins with `name`, if that is of the wrong type or out of
/// range.
void set_field(const std::string& name, const ConfigField& field, const Json& json);

/// Writes the fields, whole or not at all.
void write_fields(const std::string& path, const std::vector<ConfigField>& fields);

/// Writes all fields, whole or not at all.
void write_config(const std::string& path, TrainConfig config);

}
