#include <filesystem>
#include <memory>

#include "autograd/error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/translator/model_folder.h"
#include "examples/translate/translator/new_model.h"

namespace gradus::translate {

namespace {

constexpr const char* kAverageExamples =
    R"(Makes a new model of the mean of a training's last models, which often translates better than each of them
(Junczys-Dowmunt et al. 2016, section 3.3). The training must keep them: gradus train --keep-epochs N.

Examples:
  gradus average m --out mean
  gradus average m --out mean --last 3
)";

struct AverageArguments {
  std::string model, out;
  int last = 0;
  bool force = false;
};

int run(const AverageArguments& options) {
  const TrainConfig config = load_config(options.model);
  std::vector<std::string> files = kept_epochs(options.model);
  if (files.empty()) fail("average: {} keeps no epochs; train with --keep-epochs N", options.model);
  const auto last = static_cast<size_t>(options.last);
  if (last > files.size()) fail("average: {} keeps {} epochs; --last is {}", options.model, files.size(), last);
  if (last > 0) files.erase(files.begin(), files.end() - options.last);
  std::error_code ignored;
  if (std::filesystem::equivalent(options.model, options.out, ignored)) {
    fail("average: --out {} is the folder of the model itself; need another one", options.out);
  }
  if (!options.force) require_no_work("average", options.out);
  const std::unique_ptr<Translator> translator = load_words(options.model, config, files.front());
  load_mean(*translator, files);
  const FolderLock lock = lock_model("average", options.out);
  save_mean(options.out, *translator, files);
  write_output(fmt::format("{} holds the mean of {} epochs\n", options.out, files.size()));
  return 0;
}

}

Command average_command() {
  const auto options = std::make_shared<AverageArguments>();
  return {.name = "average",
          .help = "Make a model of the mean of a training's last ones",
          .group = "Train and translate",
          .footer = kAverageExamples,
          .options = {{.names = "model",
                       .target = &options->model,
                       .type = "DIR",
                       .help = "Folder of the model",
                       .required = true},
                      {.names = "-o,--out",
                       .target = &options->out,
                       .type = "DIR",
                       .help = "Folder of the new model",
                       .required = true},
                      {.names = "--last",
                       .target = &options->last,
                       .type = "N",
                       .help = "Only this many of the last epochs; 0 for all that were kept",
                       .range = {0, 1'000'000}},
                      {.names = "--force",
                       .target = &options->force,
                       .help = "Replace a model that is in the folder already"}},
          .run = [options] { return run(*options); }};
}

}
