#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>

#include "autograd/error.h"
#include "examples/translate/checkpoint.h"
#include "examples/translate/commands.h"
#include "examples/translate/cores.h"
#include "examples/translate/corpus.h"
#include "examples/translate/ensemble.h"
#include "examples/translate/progress.h"
#include "examples/translate/score_report.h"
#include "examples/translate/spread.h"

namespace gradus::translate {

namespace {

constexpr const char* kExamples =
    R"(Scores are those of the corpus, as sacreBLEU computes them by default: the references as they stand, for BLEU split
by the 13a rules. For text that is tokenised already, give --tokenize none. Perplexity is teacher-forced, per word of
the model's vocabulary, the end of sentence included; of several references it takes the first one. Pairs with an
empty side are left out and counted. Several models are evaluated one by one, and a table has the mean and the sample
standard deviation of their scores; with --ensemble they translate together, and the perplexity is that of their mean
probabilities. For translations in a file there is `gradus bleu`.

Examples:
  gradus evaluate --model m --test test.de test.en
  gradus evaluate --model m --test tok.de tok.en --tokenize none --lowercase --beam 10
  gradus evaluate --model m --test test.de ref1.en ref2.en --metrics bleu chrf ter --bootstrap 1000
  gradus evaluate --model m/seed-* --test test.de test.en
  gradus evaluate --model a b c --ensemble --test test.de test.en
  gradus evaluate --model toy           # the test sentences of the toy language, if that is what it was trained on
)";

struct Options {
  std::vector<std::string> models;
  bool ensemble = false;
  std::vector<std::string> test;
  MetricOptions metrics{.metrics = {"bleu", "chrf"}};
  SearchOptions search;
  int threads = 0;
};

/// Text to translate with its references. `text.target` holds the first reference of each sentence.
struct TestText {
  std::string title;  // empty if there is only one such text
  ParallelText text;
  References references;
};

TestText with_one_reference(std::string title, ParallelText text) {
  References references = references_of(std::span(&text.target, 1));
  return {std::move(title), std::move(text), std::move(references)};
}

/// Reads the source and one or more references. Sentences of which the source or the first reference is empty are left
/// out.
TestText read_test(const std::vector<std::string>& files) {
  TestText test = with_one_reference("", read_parallel(files[0], files[1]));
  if (test.text.source.empty()) fail("{}, {}: no sentence pair to evaluate", files[0], files[1]);
  const size_t count = test.text.source.size() + test.text.skipped;
  for (size_t r = 2; r < files.size(); ++r) {
    const std::vector<std::string> lines = read_lines(files[r]);
    require_equal_lengths("parallel text", files[0], count, files[r], lines.size());
    for (size_t i = 0; i < test.references.size(); ++i) test.references[i].push_back(lines[test.text.lines[i] - 1]);
  }
  return test;
}

/// What to evaluate on: the files, or for models of the toy language its tests.
std::vector<TestText> read_tests(const Options& options) {
  if (!options.test.empty()) {
    TestText test = read_test(options.test);
    warn_if_tokenized(options.metrics, test.text.target, options.test[1]);
    if (test.text.skipped > 0) write_output(fmt::format("left out {} pairs with an empty side\n", test.text.skipped));
    return {std::move(test)};
  }
  const auto is_toy = [](const std::string& model) { return load_config(model).toy; };
  if (!std::ranges::all_of(options.models, is_toy)) throw UsageError("evaluate: --test SRC REF is missing");
  const ToyCorpus toy = toy_corpus();
  return {with_one_reference("toy language, test:\n", toy_text(toy.test)),
          with_one_reference("toy language, sentences longer than any in training:\n", toy_text(toy.test_long))};
}

/// Writes the scores of models that translate together, and adds them to the measures.
void evaluate(const Ensemble& ensemble, const Options& options, const TestText& test, ThreadPool& pool,
              std::vector<Measure>& measures) {
  const double start = seconds_now();
  const auto translations = best_translations(ensemble.models(), test.text.source, options.search, pool);
  const double seconds = seconds_now() - start;
  const double loss = cross_entropy(ensemble.models(), test.text, pool);

  write_output(test.title);
  auto measure = measures.begin();
  for (const auto& metric : make_metrics(options.metrics)) {
    const SegmentStatistics statistics = corpus_statistics(*metric, translations, test.references);
    const MetricReport report = make_report(*metric, {{"", statistics}}, test.references, options.metrics);
    write_output(score_lines(report));
    (measure++)->values.push_back(report.systems.front().score);
  }
  measure->values.push_back(std::exp(loss));
  write_output(perplexity_text(loss, unit_of(ensemble.first().config.tokenizer)) + "\n");
  write_output(fmt::format("{} sentences in {:.1f} s, {:.0f} a second, on {} threads, beam {}\n", translations.size(),
                           seconds, static_cast<double>(translations.size()) / seconds, pool.threads(),
                           options.search.beam));
}

/// Each metric and the perplexity, still without values.
std::vector<Measure> measures_of(const MetricOptions& options) {
  std::vector<Measure> measures;
  for (const auto& metric : make_metrics(options)) {
    measures.push_back({.name = metric->name(), .lower_is_better = metric->name() == "TER"});
  }
  measures.push_back({.name = "perplexity", .lower_is_better = true, .decimals = 3});
  return measures;
}

/// The models one after the other, and how they spread.
void evaluate_each(const Options& options, const std::vector<TestText>& tests, ThreadPool& pool) {
  std::vector<std::vector<Measure>> measures(tests.size(), measures_of(options.metrics));
  std::unique_ptr<const Ensemble> before;
  bool alike = true;
  for (const std::string& model : options.models) {
    auto alone = std::make_unique<const Ensemble>(std::vector{model});
    alike = alike && (!before || write_alike(before->first(), alone->first()));
    write_output(model + "\n");
    for (size_t i = 0; i < tests.size(); ++i) evaluate(*alone, options, tests[i], pool, measures[i]);
    write_output("\n");
    before = std::move(alone);
  }
  for (size_t i = 0; i < tests.size(); ++i) {
    if (!alike) measures[i].pop_back();
    write_output(tests[i].title + spread_table(options.models, measures[i]));
  }
  if (!alike) write_output("  without perplexities: the models do not write the same words\n");
}

int run(const Options& options) {
  make_metrics(options.metrics);  // wrong options and folders show before the work begins
  for (const std::string& model : options.models) load_config(model);
  ThreadPool pool(thread_count(options.threads));
  if (options.models.size() > 1 && !options.ensemble) {
    evaluate_each(options, read_tests(options), pool);
    return 0;
  }
  const Ensemble ensemble(options.models);
  std::vector<Measure> measures = measures_of(options.metrics);
  for (const TestText& test : read_tests(options)) evaluate(ensemble, options, test, pool, measures);
  return 0;
}

}

Command add_evaluate(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("evaluate", "Compare translations with a reference: BLEU, chrF, TER and perplexity");
  const auto options = std::make_shared<Options>();
  add_models_option(*command, options->models, "Folder of the model, or of several");
  command->add_flag("--ensemble", options->ensemble, "The models translate together: their probabilities are averaged");
  command
      ->add_option("-t,--test", options->test, "Files of as many lines: text to translate, and one or more references")
      ->expected(-2)
      ->type_name("SRC REF");
  add_metric_options(*command, options->metrics);
  add_search_options(*command, options->search);
  add_threads_option(*command, options->threads);
  command->footer(kExamples);
  return {command, [options] { return run(*options); }};
}

}
