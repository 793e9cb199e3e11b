#include "examples/captioner/files/trained_captioner.h"

#include <utility>

#include "autograd/error.h"
#include "examples/translate/config/config_file.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/text/word_tokenizer.h"
#include "examples/translate/translator/model_folder.h"
#include "examples/translate/translator/new_model.h"
#include "nn/init.h"
#include "nn/state_dict.h"
#include "nn/storage/regular_file.h"
#include "nn/storage/safetensors.h"

namespace gradus::captioner {

using translate::ModelFolder;

namespace {

constexpr const char* kVocabulary = ".vocab";

}

TrainedCaptioner::TrainedCaptioner(const CaptionerConfig& config, translate::Language words)
    : config(config), language(std::move(words)), model(config, static_cast<int>(language.vocabulary.size())) {}

translate::Language caption_language(translate::Vocabulary vocabulary) {
  return {std::make_shared<translate::WordTokenizer>(), std::move(vocabulary), true};
}

void require_no_model(const char* command, const std::string& folder) {
  if (translate::holds_model(folder)) fail("{}: {} holds a model already; --force replaces it", command, folder);
  translate::require_no_work(command, folder);
}

void save_captioner(const std::string& folder, TrainedCaptioner& captioner) {
  translate::NewModel model(folder);
  const ModelFolder files(model.path());
  captioner.language.save(files.target);
  CaptionerConfig config = captioner.config;
  translate::write_fields(files.config, config.fields());
  save(captioner.model, files.best);
  model.commit();
}

std::unique_ptr<TrainedCaptioner> load_captioner(const std::string& folder) {
  const ModelFolder files(folder);
  if (!translate::holds_model(folder)) fail("{}: the folder holds no model; {} is missing", folder, files.config);
  CaptionerConfig config;
  translate::read_fields(files.config, read_regular_file(files.config), config.fields());
  try {
    config.check();
  } catch (const Error& error) {
    fail("{}: {}", files.config, error.what());
  }
  translate::Language language = caption_language(translate::Vocabulary::load(files.target + kVocabulary));
  if (!ModelFolder::has(files.best)) {
    fail("{}: missing: the training ended before it had a model; gradus-captioner train --force --model {} begins anew",
         files.best, folder);
  }
  const SafetensorsFile parameters(files.best);
  const WithoutInit without_init([&](const std::string& path, const Shape& shape) { parameters.require(path, shape); });
  auto captioner = std::make_unique<TrainedCaptioner>(config, std::move(language));
  translate::read_finite(captioner->model, parameters);
  captioner->model.eval();
  return captioner;
}

}
