#pragma once

#include <memory>
#include <string>

#include "examples/captioner/model.h"
#include "examples/translate/text/language.h"

/// The folder of a captioner, as of a translator (examples/translate/translator/model_folder.h):
///
///     config.json         what it is and how it was trained (examples/captioner/config.h)
///     target.vocab        its words
///     model.safetensors   its parameters

namespace gradus::captioner {

/// A model with its words.
struct TrainedCaptioner {
  TrainedCaptioner(const CaptionerConfig& config, translate::Language language);

  /// What the model says of a picture, as a line of text.
  std::string text(const Description& description) const { return language.text(description.words); }

  CaptionerConfig config;
  translate::Language language;
  Captioner model;
};

/// Captions as a model sees them: words and punctuation apart, in lower case.
translate::Language caption_language(translate::Vocabulary vocabulary = {});

/// Throws Error, which begins with the command's name, if the folder holds a model or files of one.
void require_no_model(const char* command, const std::string& folder);
/// Makes the folder that of this model, in the place of the one that is there.
void save_captioner(const std::string& folder, TrainedCaptioner& captioner);
/// Throws Error naming the file that is missing, cut off or does not belong to the others.
std::unique_ptr<TrainedCaptioner> load_captioner(const std::string& folder);

}
