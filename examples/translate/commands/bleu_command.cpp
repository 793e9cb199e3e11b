#include <algorithm>
#include <array>
#include <memory>

#include "autograd/error.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/options/metric_options.h"
#include "examples/translate/report/score_report.h"
#include "examples/translate/text/text.h"
#include "examples/translate/text/unicode.h"
#include "nn/storage/json.h"

namespace gradus::translate {

namespace {

constexpr const char* kBleuExamples =
    R"(Compares translations in the file HYP (- for standard input) with references, line by line. Scores and their
signature, to be reported together, are sacreBLEU's; TER is the better the smaller it is. With --baseline the differences
to another system are tested: the p-value is how likely such a difference is if nothing but chance makes it, and those
below 0.05 have a star.

Examples:
  gradus translate --model m < test.de | gradus bleu - test.en
  gradus bleu hyp.en test.en --metrics bleu chrf ter --bootstrap 1000
  gradus bleu hyp.en ref1.en ref2.en --metrics chrf --word-order 2
  gradus bleu new.en test.en --baseline old.en --metrics bleu chrf
  gradus bleu a.en test.en --systems b.en c.en
  gradus bleu hyp.en test.en --sentences
)";

constexpr size_t kDefaultResamples = 1000;

struct BleuArguments {
  std::string hypotheses, baseline, paired = "both";
  std::vector<std::string> references, systems;
  MetricOptions metrics;
  size_t trials = PairedTests().trials;
  bool sentences = false, json = false, paired_given = false, trials_given = false;
};

/// The translations of a system.
struct System {
  std::string name;
  std::vector<std::string> lines;
};

struct Input {
  std::vector<System> systems;  // the baseline first, if there is one
  References references;
};

std::vector<std::string> read_translations(const std::string& path) {
  std::vector<std::string> lines = read_lines(path);
  if (lines.empty()) fail("{}: no line; need a translation a line", input_name(path));
  for (std::string& line : lines) line.resize(without_trailing_space(line).size());
  return lines;
}

Input read_input(const BleuArguments& options) {
  std::vector<std::string> files = {options.hypotheses};
  if (!options.baseline.empty()) files.insert(files.begin(), options.baseline);
  files.insert(files.end(), options.systems.begin(), options.systems.end());
  const size_t systems = files.size();
  files.insert(files.end(), options.references.begin(), options.references.end());

  Input input;
  std::vector<std::vector<std::string>> references;
  for (size_t i = 0; i < files.size(); ++i) {
    std::vector<std::string> lines = read_translations(files[i]);
    if (i > 0) require_equal_lengths("bleu", files[0], input.systems[0].lines.size(), files[i], lines.size());
    if (i < systems) {
      input.systems.push_back({input_name(files[i]), std::move(lines)});
    } else {
      references.push_back(std::move(lines));
    }
  }
  input.references = references_of(references);
  return input;
}

/// A line for every segment: its scores, by all metrics.
std::string sentence_lines(const System& system, const References& references, const BleuArguments& options) {
  const std::vector<std::unique_ptr<Metric>> metrics = make_metrics(options.metrics, true);
  Json::List list;
  std::string text;
  for (size_t i = 0; i < system.lines.size(); ++i) {
    Json object = Json::object({{"line", i + 1}});
    for (const auto& metric : metrics) {
      const double score = metric->score(metric->statistics(system.lines[i], references[i]));
      object.set(metric->name(), score);
      text += fmt::format("{}{:.2f}", metric == metrics.front() ? "" : "\t", score);
    }
    list.push_back(std::move(object));
    text += '\n';
  }
  return options.json ? Json(std::move(list)).dump(2) + "\n" : text;
}

std::string report_text(const Input& input, const BleuArguments& options) {
  std::optional<PairedTests> tests;
  MetricOptions metric_options = options.metrics;
  if (!options.baseline.empty()) {
    tests = {.bootstrap = options.paired != "randomisation",
             .trials = options.paired == "bootstrap" ? 0 : options.trials};
    if (tests->bootstrap && metric_options.bootstrap == 0) metric_options.bootstrap = kDefaultResamples;
  }
  std::vector<MetricReport> reports;
  for (const auto& metric : make_metrics(options.metrics)) {
    std::vector<SystemStatistics> statistics;
    for (const System& system : input.systems) {
      statistics.push_back({system.name, corpus_statistics(*metric, system.lines, input.references)});
    }
    reports.push_back(make_report(*metric, statistics, input.references, metric_options, tests));
  }
  if (options.json) return score_json(reports);
  std::string text;
  for (const MetricReport& report : reports) {
    if (input.systems.size() == 1) {
      text += score_lines(report);
    } else {
      if (!text.empty()) text += '\n';
      text += score_table(report);
    }
  }
  return text;
}

void require_sense(const BleuArguments& options) {
  make_metrics(options.metrics);
  const bool compares = !options.baseline.empty();
  if (!compares && (options.paired_given || options.trials_given)) {
    throw UsageError(fmt::format("bleu: {} is about differences to a --baseline, which is missing",
                                 options.paired_given ? "--paired" : "--trials"));
  }
  if (options.sentences && (compares || !options.systems.empty() || options.metrics.bootstrap > 0))
    throw UsageError("bleu: --sentences goes without --baseline, --systems and --bootstrap");
}

int run(const BleuArguments& options) {
  require_sense(options);
  const Input input = read_input(options);
  for (const System& system : input.systems) {
    warn_if_tokenized(options.metrics, system.lines, system.name);
    warn_if_lower_case(options.metrics, system.lines, input.references, system.name);
  }
  write_output(options.sentences ? sentence_lines(input.systems.front(), input.references, options)
                                 : report_text(input, options));
  return 0;
}

}

Command bleu_command() {
  static constexpr std::array kPaired{"bootstrap", "randomisation", "both"};
  const auto options = std::make_shared<BleuArguments>();
  return {.name = "bleu",
          .help = "Measure translations in a file: BLEU, chrF, TER",
          .group = "Measure",
          .footer = kBleuExamples,
          .short_help = {{"Text", "hyp,ref"},
                         {"Scores", "metrics,lowercase,tokenize,sentences,json"},
                         {"Differences", "baseline,systems,bootstrap"}},
          .options = joined({{{.names = "hyp",
                               .target = &options->hypotheses,
                               .type = "HYP",
                               .help = "Translations, one a line; - for standard input",
                               .required = true,
                               .is_input = true},
                              {.names = "ref",
                               .target = &options->references,
                               .type = "REF",
                               .help = "The same by people, as many lines. There may be several",
                               .required = true,
                               .is_input = true},
                              {.names = "--baseline",
                               .target = &options->baseline,
                               .type = "FILE",
                               .help = "Test whether HYP and --systems differ from these translations",
                               .is_input = true},
                              {.names = "--systems",
                               .target = &options->systems,
                               .type = "FILE",
                               .help = "Translations by more systems",
                               .is_input = true},
                              {.names = "--paired",
                               .target = &options->paired,
                               .type = "KIND",
                               .help = "How to test differences",
                               .choices = kPaired,
                               .given = &options->paired_given},
                              {.names = "--trials",
                               .target = &options->trials,
                               .type = "N",
                               .help = "Trials of the randomisation",
                               .range = {1, 10'000'000},
                               .given = &options->trials_given},
                              {.names = "--sentences",
                               .target = &options->sentences,
                               .help = "Write the score of every line instead, a column a metric"},
                              {.names = "--json", .target = &options->json, .help = "Write JSON, with all digits"}},
                             metric_options(options->metrics)}),
          .run = [options] { return run(*options); }};
}

}
