#pragma once

#include <optional>
#include <span>

namespace gradus::translate {

/// What a preset comes to on the text of `kPresetsMeasuredOn`.
struct PresetFigures {
  int parameters;
  int minutes;  ///< of training
  double bleu;  ///< of the test, with beam search
};

/// A configuration that has a name.
struct Preset {
  const char* name;
  const char* purpose;
  std::optional<PresetFigures> figures;
  const char* json;  ///< the fields that differ from the defaults, as in a configuration file
};

std::span<const Preset> presets();

/// The text and the machine of the presets' figures, which are those of MEASURED.md.
extern const char* const kPresetsMeasuredOn;

}
