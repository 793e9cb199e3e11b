#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <functional>
#include <memory>

#include "examples/experiments/experiments.h"
#include "examples/translate/base/interrupt.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/commands/choice_option.h"
#include "examples/translate/commands/config_options.h"
#include "examples/translate/commands/program.h"
#include "nn/storage/atomic_file.h"

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
      --train train.de train.en --valid val.de val.en --test test.de test.en --scores additive dot
  gradus-experiments ladder --out ladder --preset luong --train ... --valid ... --test ...
  gradus-experiments lengths --out lengths --preset multi30k-words --train ... --valid ... --test ... --short 10
)";

/// What the variants of each experiment differ in: their attention, with what its name stands for, and more.
constexpr std::array kOfAll{"attention", "score", "attend", "input_feeding", "fixed_context"};
constexpr std::array kOfMatrix{"scope"};
constexpr std::array kOfLadder{"scope",          "normalizer",        "coverage",          "context_gate",
                               "bidirectional",  "encoder_layers",    "decoder_layers",    "bridge",
                               "reverse_source", "dropout",           "embedding_dropout", "layer_dropout",
                               "output_dropout", "recurrent_dropout", "word_dropout"};
constexpr std::array kOfLengths{"bidirectional", "bridge", "reverse_source"};

/// What all experiments are told.
struct Setting {
  Setting(CLI::App& command, std::span<const char* const> varied)
      : config(command), name(command.get_name()), varied(varied) {
    command.add_option("--out", folder, "Folder for the models, the table and the picture")
        ->required()
        ->type_name("DIR");
    command.add_option("-t,--test", test, "Text to test on; without it, the toy language's")
        ->expected(2)
        ->type_name("SRC REF");
  }
  /// Throws Error for a text without another.
  Experiment start() {
    config.require_absent(kOfAll, name.c_str());
    config.require_absent(varied, name.c_str());
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
  std::string name, folder;
  std::span<const char* const> varied;
  std::vector<std::string> test;
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
  try {
    const Result result = measure(experiment);
    write_file_atomically(experiment.path(setting.name + ".md"), result.markdown);
    write_file_atomically(experiment.path(setting.name + ".svg"), result.svg);
    write_output("\n" + result.markdown);
    return 0;
  } catch (const Experiment::Interrupted&) {
    fmt::print(stderr, "gradus-experiments: interrupted; the same command goes on\n");
    return kInterrupted;
  }
}

/// Adds an option for several names of values.
template <Choice Enum>
CLI::Option* add_choices(CLI::App& command, const char* option, std::vector<std::string>& names, const char* help) {
  return command.add_option(option, names, help)->check(CLI::IsMember(choice_names<Enum>()))->type_name("KIND");
}

/// The values with these names, which an option gave; all of them, in their order, for none.
template <Choice Enum>
std::vector<Enum> choices(const char* option, const std::vector<std::string>& names) {
  require_distinct(option, names);
  std::vector<Enum> values;
  for (const std::string& name : names.empty() ? choice_names<Enum>() : names) {
    values.push_back(choice_named<Enum>(name));
  }
  return values;
}

Command add_attention(CLI::App& program) {
  struct Options : Setting {
    using Setting::Setting;
    std::vector<std::string> scores, scopes = {"global", "local-m", "local-p"}, when = {"after"};
  };
  CLI::App* command = program.add_subcommand("attention", "Every score in every scope, with and without input feeding");
  const auto options = std::make_shared<Options>(*command, kOfMatrix);
  add_choices<ScoreKind>(*command, "--scores", options->scores, "Only these scores");
  add_choices<ScopeKind>(*command, "--scopes", options->scopes, "Only these scopes")->capture_default_str();
  add_choices<AttendWhen>(*command, "--when", options->when, "Attention before the recurrent step, after it, or both")
      ->capture_default_str();
  return {command, [options] {
            const AttentionChoice choice{choices<ScoreKind>("--scores", options->scores),
                                         choices<ScopeKind>("--scopes", options->scopes),
                                         choices<AttendWhen>("--when", options->when)};
            return conduct(*options,
                           [&](Experiment& experiment) { return result_of(attention_matrix(experiment, choice)); });
          }};
}

Command add_ladder(CLI::App& program) {
  CLI::App* command = program.add_subcommand("ladder", "From a plain encoder and decoder to local attention");
  const auto setting = std::make_shared<Setting>(*command, kOfLadder);
  return {command, [setting] {
            return conduct(*setting, [](Experiment& experiment) { return result_of(ladder(experiment)); });
          }};
}

Command add_lengths(CLI::App& program) {
  struct Options : Setting {
    using Setting::Setting;
    int short_words = 10;
    std::size_t bin_width = 5;
  };
  CLI::App* command = program.add_subcommand("lengths", "BLEU by the length of the source, with attention and without");
  const auto options = std::make_shared<Options>(*command, kOfLengths);
  command
      ->add_option("--short", options->short_words, "Half of the models learn from sentences of at most so many words")
      ->check(CLI::Range(1, 10'000))
      ->type_name("N")
      ->capture_default_str();
  add_bin_width_option(*command, options->bin_width);
  return {command, [options] {
            return conduct(*options, [&](Experiment& experiment) -> Result {
              const LengthReport report = lengths(experiment, options->short_words, options->bin_width);
              const Chart chart = report.chart();
              return {fmt::format("```text\n{}```\n", report.table()), charts_svg({&chart, 1}, 1)};
            });
          }};
}

}

}

int main(int argc, char** argv) {
  using namespace gradus::translate;
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App program("Trains models that differ in a few options, and compares them, as the papers do.",
                   "gradus-experiments");
  program.footer(kExamples);
  const std::vector<Command> commands = {add_attention(program), add_ladder(program), add_lengths(program)};
  return run_command_line(program, commands, argc, argv);
}
