#include <memory>

#include "examples/translate/commands/commands.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/translator/model_folder.h"
#include "ops/gemm/blas_info.h"

namespace gradus::translate {

namespace {

int run(const std::string& directory) {
  const std::unique_ptr<Translator> translator = load_translator(directory);
  std::string text = "configuration\n";
  for (const ConfigField& field : translator->config.fields())
    text += fmt::format("  {:<20} {}\n", field.key, field.text());
  const char* unit = unit_of(translator->config.tokenizer);
  text += fmt::format("\nvocabulary\n  source {} {}s\n  target {} {}s\n\n", translator->source.vocabulary.size(), unit,
                      translator->target.vocabulary.size(), unit);
  text += translator->model.summary();
  text += fmt::format("\n{}\n{}\n", describe_training(directory), describe(blas_info()));
  write_output(text);
  return 0;
}

}

Command info_command() {
  const auto directory = std::make_shared<std::string>();
  return {.name = "info",
          .help = "Show a model's configuration, vocabulary and parameters",
          .group = "Look inside",
          .footer = "Example:\n  gradus info --model m\n",
          .options = {model_option(*directory)},
          .run = [directory] { return run(*directory); }};
}

}
