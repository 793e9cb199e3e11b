#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "autograd/error.h"
#include "examples/translate/base/progress.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/comparison/comparison_page.h"
#include "examples/translate/comparison/comparison_text.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/machine/cores.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/options/metric_options.h"
#include "examples/translate/report/heatmap.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/translator/ensemble.h"
#include "examples/translate/translator/model_folder.h"
#include "examples/translate/translator/translate.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::translate {

namespace {

constexpr const char* kCompareExamples =
    R"(Compares what two or more models make of a test text: scores, as `gradus evaluate` computes them; whether chance may be
the reason for the differences to the first one, by paired bootstrap and approximate randomisation; and the sentences in
which they differ most by the first of the metrics. On a terminal words stand out that another translation does not have
in their place. In the place of a model there may be a file of its translations, one a line. Pairs with an empty side
are left out.

Examples:
  gradus compare a b --test test.de test.en
  gradus compare a b --test test.de test.en --out comparison.html
  gradus compare a b old.en --test test.de test.en --sentences 20
)";

struct CompareArguments {
  std::vector<std::string> systems, test;
  size_t sentences = 5;
  OutputFile out;
  MetricOptions metrics{.metrics = {"bleu", "chrf", "ter"}, .bootstrap = 1000};
  SearchOptions search;
  int threads = 0;
};

bool is_model(const std::string& system) {
  std::error_code ignored;
  return std::filesystem::is_directory(system, ignored);
}

/// Throws Error for what is neither a model nor a file.
void require_system(const std::string& system) {
  if (is_model(system)) {
    load_config(system);
  } else if (system != kStdin && !std::filesystem::exists(system)) {
    fail("compare: {}: no such file or folder; need the folder of a model, or a file of translations", system);
  }
}

/// The lines of a file of translations that belong to pairs which were not left out.
ComparedSystem read_system(const std::string& path, const std::vector<std::string>& test_files,
                           const ParallelText& text) {
  const std::vector<std::string> lines = read_lines(path);
  require_equal_lengths("compare", test_files.front(), text.source.size() + text.skipped, path, lines.size());
  ComparedSystem system{input_name(path), {}};
  for (const size_t line : text.lines) system.translations.emplace_back(without_trailing_space(lines[line - 1]));
  return system;
}

ComparedSystem translate_by(const Ensemble& model, const std::string& name, const ParallelText& text,
                            const SearchOptions& search, ThreadPool& pool) {
  return {name, best_translations(model.models(), text.source, search, pool), cross_entropy(model.models(), text, pool),
          unit_of(model.first().config.tokenizer)};
}

Comparison compare_systems(const CompareArguments& options) {
  TestText test = read_test_text(options.test);
  warn_if_tokenized(options.metrics, test.text.target, options.test[1]);
  std::vector<ComparedSystem> systems(options.systems.size());
  for (size_t i = 0; i < systems.size(); ++i) {  // all that may be wrong with files before all work
    if (!is_model(options.systems[i])) systems[i] = read_system(options.systems[i], options.test, test.text);
  }
  ThreadPool pool(thread_count(options.threads));
  std::unique_ptr<const Ensemble> before;
  bool same_units = true;
  for (size_t i = 0; i < systems.size(); ++i) {
    if (is_model(options.systems[i])) {
      auto model = std::make_unique<const Ensemble>(std::vector{options.systems[i]});
      same_units = same_units && (!before || write_alike(before->first(), model->first()));
      systems[i] = translate_by(*model, options.systems[i], test.text, options.search, pool);
      before = std::move(model);
    }
    warn_if_lower_case(options.metrics, systems[i].translations, test.references, systems[i].name);
  }
  Comparison comparison = compare(std::move(systems), std::move(test), options.metrics, options.sentences);
  comparison.same_units = same_units;
  return comparison;
}

int run(const CompareArguments& options) {
  require_sense(options.search);
  make_metrics(options.metrics);  // wrong options and folders show before the work begins
  require_distinct("compare", options.systems);
  require_page("compare", options.out);
  for (const std::string& system : options.systems) require_system(system);
  const Comparison comparison = compare_systems(options);
  const bool marks = terminal_colour(STDOUT_FILENO) != TerminalColour::kNone;
  options.out.tell_coloured(comparison_text(comparison, {.marks = marks, .width = terminal_width(STDOUT_FILENO)}));
  if (!options.out.is_wanted()) return 0;
  options.out.write(comparison_page(comparison));
  options.out.tell(options.out.written("\npage"));
  return 0;
}

}

Command compare_command() {
  const auto options = std::make_shared<CompareArguments>();
  return {.name = "compare",
          .help = "Tell which of several models is better, and where they differ",
          .group = "Measure",
          .footer = kCompareExamples,
          .short_help = {{"Text and models", "models,test"},
                         {"Scores", "metrics,lowercase,tokenize"},
                         {"Output", "sentences,out"},
                         {"Search", "beam,threads"}},
          .options = joined({{{.names = "models",
                               .target = &options->systems,
                               .type = "MODEL",
                               .help = "Folders of models, or files of translations",
                               .required = true,
                               .is_input = true,
                               .count = {2, kMostSystems}},
                              {.names = "-t,--test",
                               .target = &options->test,
                               .type = "SRC REF",
                               .help = "Text to translate, and its translation by people. There may be several of "
                                       "these, in files of as many lines",
                               .required = true,
                               .is_input = true,
                               .count = {.least = 2}},
                              {.names = "--sentences",
                               .target = &options->sentences,
                               .type = "N",
                               .help = "Show so many sentences",
                               .range = {0, 100'000}}},
                             options->out.options("-o,--out", "Also write it as a page (.html)"),
                             metric_options(options->metrics),
                             search_options(options->search),
                             {threads_option(options->threads)}}),
          .run = [options] { return run(*options); }};
}

}
