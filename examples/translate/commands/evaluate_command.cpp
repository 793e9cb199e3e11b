#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/base/progress.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/data/corpus.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/machine/cores.h"
#include "examples/translate/machine/ranks.h"
#include "examples/translate/machine/shared_work.h"
#include "examples/translate/metrics/lag.h"
#include "examples/translate/metrics/test_text.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/options/metric_options.h"
#include "examples/translate/report/alignment_report.h"
#include "examples/translate/report/length_report.h"
#include "examples/translate/report/score_report.h"
#include "examples/translate/report/spread.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/translator/ensemble.h"
#include "examples/translate/translator/model_folder.h"
#include "examples/translate/translator/translate.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::translate {

namespace {

constexpr const char* kEvaluateExamples =
    R"(Scores are those of the corpus, as sacreBLEU computes them by default: the references as they stand, for BLEU split
by the 13a rules. For text that is tokenised already, give --tokenize none. Perplexity is teacher-forced, per word of
the model's vocabulary, the end of sentence included; of several references it takes the first one. Pairs with an
empty side are left out and counted. Several models are evaluated one by one, and if they are of one training with
several seeds, a table has the mean and the sample standard deviation of their scores; with --ensemble they translate
together, and the perplexity is that of their mean probabilities. If a model writes while its source still comes
(`--scope wait-k`, monotonic or mocha), it also says how far they are behind: Average Lagging, in words or subwords of
the source, and Average Proportion. To learn which of several models is better there is
`gradus compare`, for translations in a file `gradus bleu`.

With --alignments each reference is forced, and its words are linked to those words of the source that they attended to
most; the alignment error rate (AER) says how far these links are from the true ones. In the file a line `0-0 1-2 2?2`
is a pair: word 0 with word 0, word 1 with word 2, and a link that is possible, but not sure. Words are those
between white space, also for models of subwords.

Examples:
  gradus evaluate --model m --test test.de test.en
  gradus evaluate --model m/seed-* --test test.de test.en
  gradus evaluate --model toy  # on the test of the toy language
  gradus evaluate --model m --test tok.de tok.en --tokenize none --beam 10
  gradus evaluate --model m --test test.de ref1.en ref2.en --metrics bleu ter
  gradus evaluate --model a b c --ensemble --test test.de test.en
  gradus evaluate --model a b --test t.de t.en --by-length --svg lengths.svg
  gradus evaluate --model m --test tok.de tok.en --alignments test.align
)";

struct EvaluateArguments {
  std::vector<std::string> models;
  bool ensemble = false;
  std::vector<std::string> test;
  std::string alignments;
  bool by_length = false;
  size_t bin_width = 5;
  OutputFile svg;
  MetricOptions metrics{.metrics = {"bleu", "chrf"}};
  SearchOptions search;
  int threads = 0;
};

/// Text to translate, and what was found, model by model.
struct Test : TestText {
  std::string title = {};  // empty if there is only one such text
  std::optional<AlignedText> aligned = {};

  std::vector<Measure> measures = {};
  LengthReport lengths = {};
};

/// The alignments of the pairs that were not left out, which must fit them.
AlignedText read_aligned(const ParallelText& text, const std::string& source_path, const std::string& path) {
  const std::vector<TrueAlignment> all = read_alignments(path);
  require_equal_lengths("alignments", source_path, text.source.size() + text.skipped, path, all.size());
  AlignedText aligned{text, {}};
  for (size_t i = 0; i < text.source.size(); ++i) {
    const TrueAlignment& alignment = aligned.truth.emplace_back(all[text.lines[i] - 1]);
    require_within(alignment, split_words(text.source[i]).size(), split_words(text.target[i]).size(),
                   fmt::format("{}:{}", input_name(path), text.lines[i]));
  }
  return aligned;
}

Test toy_test(std::string title, const std::vector<ToyPair>& split) {
  return {with_one_reference(toy_text(split)), std::move(title), aligned_toy_text(split)};
}

std::string headline(const Test& test) { return test.title.empty() ? "" : test.title + ":\n"; }

bool attends(const std::string& model) { return load_config(model).attention.present; }

/// Whether there is attention to align with: of every model, or of one of those that work together.
bool can_align(const EvaluateArguments& options) {
  return options.ensemble ? std::ranges::any_of(options.models, attends) : std::ranges::all_of(options.models, attends);
}

/// What to evaluate on: the files, or for models of the toy language its tests.
std::vector<Test> read_tests(const EvaluateArguments& options) {
  if (!options.test.empty()) {
    Test test{read_test_text(options.test)};
    if (!options.alignments.empty()) test.aligned = read_aligned(test.text, options.test[0], options.alignments);
    warn_if_tokenized(options.metrics, test.text.target, options.test[1]);
    if (test.text.skipped > 0)
      options.svg.tell(fmt::format("left out {} pairs with an empty side\n", test.text.skipped));
    return {std::move(test)};
  }
  const auto is_toy = [](const std::string& model) { return load_config(model).toy; };
  if (!std::ranges::all_of(options.models, is_toy)) throw UsageError("evaluate: --test SRC REF is missing");
  const ToyCorpus toy = toy_corpus();
  std::vector<Test> tests = {toy_test("toy language, test", toy.test),
                             toy_test("toy language, sentences longer than any in training", toy.test_long)};
  if (can_align(options)) return tests;
  for (Test& test : tests) test.aligned.reset();
  return tests;
}

bool is_simultaneous(const std::string& model) { return load_config(model).is_simultaneous(); }

/// Translations, and, if the search kept their delays, how far they are behind their sources in the mean.
struct Translations {
  std::vector<std::string> texts;
  std::optional<Lag> lag;
};

/// Translates the lines, which all hold a word; the ranks share them.
Translations translate(std::span<Translator* const> models, std::span<const std::string> lines,
                       const SearchOptions& options, ThreadPool& pool) {
  if (!options.delays) return {best_translations(models, lines, options, pool, ranks()), {}};
  Lag own;  // the sum over those of this rank
  Translations result;
  result.texts = share_texts(ranks(), lines.size(), [&](size_t begin, size_t end) {
    std::vector<std::string> texts;
    for (const Translation& translation :
         translate_lines(models, lines.subspan(begin, end - begin), begin, options, pool)) {
      const Hypothesis& best = translation.n_best.front();
      const Lag lag = lag_of(best.delays, static_cast<int>(translation.source.size()) + 1);
      own.average_lagging += lag.average_lagging;
      own.average_proportion += lag.average_proportion;
      texts.push_back(models[0]->text(best));
    }
    return texts;
  });
  const auto mean = [&](double sum) {
    const auto count = static_cast<size_t>(ranks().size());
    const std::vector<double> sums = share_numbers(
        ranks(), count, [&](const std::vector<size_t>& rank, std::vector<double>& all) { all[rank.front()] = sum; });
    return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(lines.size());
  };
  result.lag = {mean(own.average_lagging), mean(own.average_proportion)};
  return result;
}

/// Each measure, still without values, and the bins of lengths, still without scores.
void prepare(Test& test, const EvaluateArguments& options) {
  const auto metrics = make_metrics(options.metrics);
  for (const auto& metric : metrics) {
    test.measures.push_back({.name = metric->name(), .lower_is_better = metric->lower_is_better()});
  }
  if (test.aligned) test.measures.push_back({.name = "AER", .lower_is_better = true, .decimals = 4});
  if (options.search.delays) {
    test.measures.push_back({.name = "AL", .lower_is_better = true});
    test.measures.push_back({.name = "AP", .lower_is_better = true, .decimals = 3});
  }
  test.measures.push_back({.name = "perplexity", .lower_is_better = true, .decimals = 3});
  if (options.by_length) {
    test.lengths = {test.title, metrics.front()->name(), length_bins(test.text.source, options.bin_width)};
  }
}

/// Writes the scores of models that translate together, called `name`, and adds them to what was found.
void evaluate(const Ensemble& ensemble, const std::string& name, const EvaluateArguments& options, Test& test,
              ThreadPool& pool) {
  const double start = seconds_now();
  const auto [translations, lag] = translate(ensemble.models(), test.text.source, options.search, pool);
  const double seconds = seconds_now() - start;
  const double loss = cross_entropy(ensemble.models(), test.text, pool, ranks());
  warn_if_lower_case(options.metrics, translations, test.references, name);

  options.svg.tell(headline(test));
  auto measure = test.measures.begin();
  for (const auto& metric : make_metrics(options.metrics)) {
    const SegmentStatistics statistics = corpus_statistics(*metric, translations, test.references);
    const MetricReport report = make_report(*metric, {{"", statistics}}, test.references, options.metrics);
    options.svg.tell(score_lines(report));
    if (options.by_length && measure == test.measures.begin()) test.lengths.add(name, *metric, statistics);
    (measure++)->values.push_back(report.systems.front().score);
  }
  if (test.aligned) {
    const AlignmentError error = alignment_error(ensemble.models(), *test.aligned, pool);
    options.svg.tell(summary(error) + "\n");
    (measure++)->values.push_back(error.rate());
  }
  if (lag) {
    options.svg.tell(fmt::format("Average Lagging {:.2f} {}s, Average Proportion {:.3f}\n", lag->average_lagging,
                                 unit_of(ensemble.first().config.tokenizer), lag->average_proportion));
    (measure++)->values.push_back(lag->average_lagging);
    (measure++)->values.push_back(lag->average_proportion);
  }
  measure->values.push_back(std::exp(loss));
  options.svg.tell(perplexity_text(loss, unit_of(ensemble.first().config.tokenizer)) + "\n");
  options.svg.tell(fmt::format("{} sentences in {:.1f} s, {:.0f} a second, on {} threads, beam {}\n",
                               translations.size(), seconds, static_cast<double>(translations.size()) / seconds,
                               pool.threads(), options.search.beam));
}

/// In which options that can change its result the trainings of these models differ, but for their seeds.
std::vector<std::string> differing_options(const std::vector<std::string>& models) {
  constexpr std::array kIgnored{"seed", "threads", "keep_epochs"};
  TrainConfig first = load_config(models.front());
  std::vector<std::string> names;
  for (const std::string& model : models) {
    TrainConfig config = load_config(model);
    const std::vector<ConfigField> a = first.fields(), b = config.fields();
    for (size_t i = 0; i < a.size(); ++i) {
      const std::string name = a[i].option();
      const bool is_new =
          std::ranges::count(names, name) == 0 && std::ranges::count(kIgnored, std::string_view(a[i].key)) == 0;
      if (is_new && !a[i].equals(b[i])) names.push_back(name);
    }
  }
  return names;
}

/// The models one after the other, and how they spread.
void evaluate_each(const EvaluateArguments& options, std::vector<Test>& tests, ThreadPool& pool) {
  std::unique_ptr<const Ensemble> before;
  bool alike = true;
  for (const std::string& model : options.models) {
    auto alone = std::make_unique<const Ensemble>(std::vector{model});
    alike = alike && (!before || write_alike(before->first(), alone->first()));
    options.svg.tell(model + "\n");
    for (Test& test : tests) evaluate(*alone, model, options, test, pool);
    options.svg.tell("\n");
    before = std::move(alone);
  }
  const std::vector<std::string> differing = differing_options(options.models);
  for (Test& test : tests) {
    if (!alike) test.measures.pop_back();
    options.svg.tell(headline(test) + spread_table(options.models, test.measures, differing.empty()));
  }
  if (!alike) options.svg.tell("  without perplexities: the models do not write the same words\n");
  if (differing.empty()) return;
  options.svg.tell(
      fmt::format("  without a mean: the models differ in more than their seeds ({}); `gradus compare` tests "
                  "which one is better\n",
                  join_words(differing, ", ")));
}

/// How the scores depend on the length of the source, as tables and as a picture.
void write_lengths(const std::vector<Test>& tests, const OutputFile& svg, FileKind kind) {
  std::vector<Chart> charts;
  for (const Test& test : tests) {
    svg.tell(fmt::format("\n{}{}", headline(test), test.lengths.table()));
    charts.push_back(test.lengths.chart());
  }
  if (!svg.is_wanted()) return;
  svg.write_picture(kind, charts_svg(charts, static_cast<int>(charts.size())));
  svg.tell(svg.written("curves"));
}

int run(EvaluateArguments options) {
  require_sense(options.search);
  make_metrics(options.metrics);  // wrong options and folders show before the work begins
  const FileKind kind = options.svg.kind("evaluate", {FileKind::Svg, FileKind::Png});
  options.svg.require_writable("evaluate");
  options.search.delays = std::ranges::count_if(options.models, is_simultaneous) > 0;
  if (!options.alignments.empty() && !can_align(options)) {
    fail("evaluate: the model in {} has no attention to align with; it was trained with --attention none",
         *std::ranges::find_if_not(options.models, attends));
  }
  std::vector<Test> tests = read_tests(options);
  for (Test& test : tests) prepare(test, options);
  ThreadPool pool(thread_count(options.threads));
  if (options.models.size() > 1 && !options.ensemble) {
    evaluate_each(options, tests, pool);
  } else {
    const Ensemble ensemble(options.models);
    const std::string name = join_words(options.models, " + ");
    for (Test& test : tests) evaluate(ensemble, name, options, test, pool);
  }
  if (options.by_length) write_lengths(tests, options.svg, kind);
  return 0;
}

}

Command evaluate_command() {
  const auto options = std::make_shared<EvaluateArguments>();
  Option bin_width = bin_width_option(options->bin_width);
  bin_width.needs = "--by-length";
  Options svg = options->svg.options("--svg", "Also write it as a picture (.svg, .png), a curve a model");
  svg.front().needs = "--by-length";
  return {.name = "evaluate",
          .help = "Measure how well a model translates: BLEU, chrF, TER",
          .group = "Measure",
          .footer = kEvaluateExamples,
          .short_help = {{"Text and models", "model,test,ensemble"},
                         {"Scores", "metrics,lowercase,tokenize,bootstrap,by-length,alignments"},
                         {"Search", "beam,threads"}},
          .options = joined({{models_option(options->models, "Folder of the model, or of several"),
                              {.names = "--ensemble",
                               .target = &options->ensemble,
                               .help = "The models translate together: their probabilities are averaged"},
                              {.names = "-t,--test",
                               .target = &options->test,
                               .type = "SRC REF",
                               .help = "Text to translate, and its translation by people. There may be several of "
                                       "these, in files of as many lines",
                               .is_input = true,
                               .count = {.least = 2}},
                              {.names = "--alignments",
                               .target = &options->alignments,
                               .type = "FILE",
                               .help = "Compare what words attended to with these true alignments of the test text. "
                                       "The error rate is called AER",
                               .is_input = true,
                               .needs = "--test"},
                              {.names = "--by-length",
                               .target = &options->by_length,
                               .help = "Show the first metric by the length of the source, as a table"},
                              bin_width},
                             svg,
                             metric_options(options->metrics),
                             search_options(options->search),
                             {threads_option(options->threads)}}),
          .run = [options] { return run(*options); },
          .on_all_ranks = true};
}

}
