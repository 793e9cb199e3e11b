#include <array>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>

#include "examples/experiments/experiments.h"
#include "examples/translate/base/interrupt.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/options/command_line.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/options/config_options.h"
#include "examples/translate/report/markup.h"

namespace gradus::translate {

namespace {

constexpr const char* kExamples =
    R"(Each trains its models one after the other, in folders inside of DIR, and writes there what came out: a table in
Markdown, which is also printed, and an SVG picture, both named after the experiment. After Ctrl-C the same command goes
on where it stopped; models that are trained already are only tested again. All options of `gradus train` hold for every
model, but for those that the experiment is about. BLEU is that of beam search on the test text.

Examples:
  gradus-experiments attention --out matrix --toy
  gradus-experiments attention --out m --preset multi30k-words --epochs 3 \
      --train train.de train.en --valid val.de val.en --test test.de test.en \
      --scores additive dot
  gradus-experiments ladder --out ladder --preset luong --train ... --test ...
  gradus-experiments lag --out lag --epochs 9 --train ... --test ...
  gradus-experiments lengths --out lengths --train ... --test ... --short 10
)";

/// What the variants of each experiment differ in: their attention, with what its name stands for, and more.
constexpr std::array kOfAll{"attention", "score", "attend", "input_feeding", "fixed_context"};
constexpr std::array kOfMatrix{"scope"};
constexpr std::array kOfLadder{"scope",          "normalizer",        "coverage",          "context_gate",
                               "bidirectional",  "encoder_layers",    "decoder_layers",    "bridge",
                               "reverse_source", "dropout",           "embedding_dropout", "layer_dropout",
                               "output_dropout", "recurrent_dropout", "word_dropout"};
constexpr std::array kOfLag{"scope", "wait_k", "normalizer", "bidirectional", "bridge", "reverse_source"};
constexpr std::array kOfLengths{"bidirectional", "bridge", "reverse_source"};

/// What all experiments are told.
struct Setting {
  Setting(const char* name, std::span<const char* const> varied) : name(name), varied(varied) {}

  /// Those that all experiments have, with `own` ones of this in between.
  Options options(const Options& own = {}) {
    return joined({{{.names = "--out",
                     .target = &folder,
                     .type = "DIR",
                     .help = "Folder for the models, the table and the picture",
                     .required = true},
                    {.names = "--force",
                     .target = &force,
                     .help = "Replace a table or picture that is there already, whatever it is"},
                    {.names = "-t,--test",
                     .target = &test,
                     .type = "SRC REF",
                     .help = "Text to test on; without it, the toy language's",
                     .is_input = true,
                     .count = {2, 2}}},
                   own,
                   config.options()});
  }
  /// Throws Error for a text without another.
  Experiment start() {
    config.require_absent(kOfAll, name);
    config.require_absent(varied, name);
    const TrainConfig resolved = config.resolve();
    if (resolved.toy != test.empty()) {
      throw UsageError(resolved.toy ? "--toy brings its own test; leave out --test" : "--test SRC REF is missing");
    }
    if (!resolved.toy && (resolved.train.empty() || resolved.valid.empty())) {
      throw UsageError("--train SRC TGT and --valid SRC TGT are needed, or --toy");
    }
    return {folder, resolved, test};
  }

  ConfigOptions config;
  const char* name;
  std::string folder;
  std::span<const char* const> varied;
  std::vector<std::string> test;
  bool force = false;
};

/// What comes out of an experiment.
struct Result {
  std::string markdown, svg;
};

Result result_of(const Matrix& matrix) { return {matrix_markdown(matrix), matrix_svg(matrix)}; }

/// Returns the exit code.
int conduct(Setting& setting, const std::function<Result(Experiment&)>& measure) {
  const InterruptGuard interrupt;
  Experiment experiment = setting.start();
  const OutputFile table{experiment.path(std::string(setting.name) + ".md"), setting.force},
      picture{experiment.path(std::string(setting.name) + ".svg"), setting.force};
  for (const OutputFile* const file : {&table, &picture}) {
    if (std::filesystem::exists(file->path)) file->require_writable(setting.name);
  }
  try {
    const Result result = measure(experiment);
    table.write(fmt::format("{}\n{}", kMarkdownMark, result.markdown));
    picture.write(result.svg);
    write_output("\n" + result.markdown);
    return 0;
  } catch (const Interrupted&) {
    fmt::print(stderr, "gradus-experiments: interrupted; the same command goes on\n");
    return kInterrupted;
  }
}

/// An option for several names of values.
template <Choice Kind>
Option choices_option(const char* option, std::vector<std::string>& names, const char* help) {
  return {.names = option, .target = &names, .type = "KIND", .help = help, .choices = choice_names<Kind>()};
}

/// The values with these names, which an option gave; all of them, in their order, for none.
template <Choice Kind>
std::vector<Kind> choices(const char* option, const std::vector<std::string>& names) {
  require_distinct(option, names);
  std::vector<Kind> values;
  for (const std::string& name : names) values.push_back(choice_named<Kind>(name));
  if (!names.empty()) return values;
  for (const char* name : choice_names<Kind>()) values.push_back(choice_named<Kind>(name));
  return values;
}

Command attention_command() {
  struct Arguments : Setting {
    using Setting::Setting;
    std::vector<std::string> scores, scopes = {"global", "local-m", "local-p"}, when = {"after"};
  };
  const auto arguments = std::make_shared<Arguments>("attention", kOfMatrix);
  return {.name = arguments->name,
          .help = "Every score in every scope, with and without input feeding",
          .options = arguments->options(
              {choices_option<ScoreKind>("--scores", arguments->scores, "Only these scores"),
               choices_option<ScopeKind>("--scopes", arguments->scopes, "Only these scopes"),
               choices_option<AttendWhen>("--when", arguments->when,
                                          "Attention before the recurrent step, after it, or both")}),
          .run = [arguments] {
            const AttentionChoice choice{choices<ScoreKind>("--scores", arguments->scores),
                                         choices<ScopeKind>("--scopes", arguments->scopes),
                                         choices<AttendWhen>("--when", arguments->when)};
            return conduct(*arguments,
                           [&](Experiment& experiment) { return result_of(attention_matrix(experiment, choice)); });
          }};
}

Command ladder_command() {
  const auto setting = std::make_shared<Setting>("ladder", kOfLadder);
  return {.name = setting->name,
          .help = "From a plain encoder and decoder to local attention",
          .options = setting->options(),
          .run = [setting] {
            return conduct(*setting, [](Experiment& experiment) { return result_of(ladder(experiment)); });
          }};
}

Command lag_command() {
  const auto setting = std::make_shared<Setting>("lag", kOfLag);
  return {.name = setting->name,
          .help = "BLEU by how far a translation is behind its source, while that still comes",
          .options = setting->options(),
          .run = [setting] {
            return conduct(*setting, [](Experiment& experiment) -> Result {
              const LagReport report = lags(experiment);
              return {report.markdown, charts_svg({&report.chart, 1}, 1)};
            });
          }};
}

Command lengths_command() {
  struct Arguments : Setting {
    using Setting::Setting;
    int short_words = 10;
    std::size_t bin_width = 5;
  };
  const auto arguments = std::make_shared<Arguments>("lengths", kOfLengths);
  return {.name = arguments->name,
          .help = "BLEU by the length of the source, with attention and without",
          .options = arguments->options({{.names = "--short",
                                          .target = &arguments->short_words,
                                          .type = "N",
                                          .help = "Half of the models learn from sentences of at most so many words",
                                          .range = {1, 10'000}},
                                         bin_width_option(arguments->bin_width)}),
          .run = [arguments] {
            return conduct(*arguments, [&](Experiment& experiment) -> Result {
              const LengthReport report = lengths(experiment, arguments->short_words, arguments->bin_width);
              const Chart chart = report.chart();
              return {fmt::format("```text\n{}```\n", report.table()), charts_svg({&chart, 1}, 1)};
            });
          }};
}

Command experiments_program() {
  return {.name = "gradus-experiments",
          .help = "Trains models that differ in a few options, and compares them, as the papers do.",
          .footer = kExamples,
          .commands = {attention_command(), ladder_command(), lag_command(), lengths_command()}};
}

}

}

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return gradus::translate::run_program(gradus::translate::experiments_program, argc, argv);
}
