#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>

#include "autograd/error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/report/attention_map.h"
#include "examples/translate/report/gradient_report.h"
#include "examples/translate/report/report.h"
#include "examples/translate/translator/model_folder.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::translate {

namespace {

constexpr const char* kReportExamples =
    R"(Makes one self-contained HTML page of a training: curves of loss, BLEU, learning rate
and gradient norm, how the translations of some validation sentences changed from epoch to epoch, what they attend to
with the best model so far, and the configuration. A training that still runs can be reported on, too. Modules whose
gradient vanishes or explodes are named, here and on the page.

Examples:
  gradus report m
  gradus report m --out training.html
)";

struct ReportArguments {
  std::string model;
  OutputFile out;
};

/// Heat maps of the best model's translations of the first logged samples, but for those too long for a page; none for
/// a model without attention, and none if no validation has found one, as in a training that diverged.
std::vector<Heatmap> sample_heatmaps(const std::string& directory, const TrainingHistory& history) {
  std::vector<Heatmap> maps;
  if (!ModelFolder::has(ModelFolder(directory).best) || !load_config(directory).attention.present) return maps;
  if (history.validations.empty()) return maps;
  const std::unique_ptr<Translator> translator = load_translator(directory);
  ThreadPool pool(1);
  constexpr std::size_t kMostMaps = 10, kMostPieces = 200;
  const std::span<const TrainingLog::Sample> samples = history.validations.front().samples;
  for (const TrainingLog::Sample& sample : samples.first(std::min(samples.size(), kMostMaps))) {
    if (translator->source.split(sample.source).size() > kMostPieces) continue;
    maps.push_back(attention_map(*translator, sample.source, {}, pool).map);
  }
  std::erase_if(maps, [](const Heatmap& map) { return map.source.empty(); });
  return maps;
}

int run(const ReportArguments& options) {
  OutputFile out = options.out;
  if (!out.is_wanted()) {
    out.path = (std::filesystem::path(options.model) / "report.html").string();
    out.own = true;
  }
  const TrainConfig config = load_config(options.model);
  const std::string log = ModelFolder(options.model).log;
  if (!std::filesystem::exists(log)) {
    fail("report: {} is missing; a mean, or a model of another program, has no training to report", log);
  }
  require_page("report", out);
  const TrainingHistory history = read_training_log(log);
  if (history.steps.empty()) fail("{}: it tells of no step; nothing to report", log);
  const std::filesystem::path folder = std::filesystem::path(options.model + "/").parent_path();
  out.write(report_html(folder.filename().string(), config, history, sample_heatmaps(options.model, history)));
  for (const std::string& sentence : gradient_findings(history, config.clip)) out.tell(sentence + "\n");
  out.tell(out.written("report"));
  return 0;
}

}

Command report_command() {
  const auto options = std::make_shared<ReportArguments>();
  return {.name = "report",
          .help = "Make an HTML page of a training",
          .group = "Look inside",
          .footer = kReportExamples,
          .options = joined({{{.names = "model",
                               .target = &options->model,
                               .type = "DIR",
                               .help = "Folder of the model",
                               .required = true}},
                             options->out.options("-o,--out", "The page (.html); otherwise DIR/report.html")}),
          .run = [options] { return run(*options); }};
}

}
