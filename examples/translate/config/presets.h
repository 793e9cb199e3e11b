#pragma once

#include <span>

namespace gradus::translate {

/// A configuration that has a name. The README says what each gives.
struct Preset {
  const char* name;
  const char* json;  ///< the fields that differ from the defaults, as in a configuration file
};

std::span<const Preset> presets();

}
