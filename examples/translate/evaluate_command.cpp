#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>

#include "autograd/error.h"
#include "examples/translate/checkpoint.h"
#include "examples/translate/commands.h"
#include "examples/translate/cores.h"
#include "examples/translate/corpus.h"
#include "examples/translate/progress.h"
#include "examples/translate/score_report.h"

namespace gradus::translate {

namespace {

constexpr const char* kExamples =
    R"(Scores are those of the corpus, as sacreBLEU computes them by default: the references as they stand, for BLEU split
by the 13a rules. For text that is tokenised already, give --tokenize none. Perplexity is teacher-forced, per word of
the model's vocabulary, the end of sentence included; of several references it takes the first one. Pairs with an
empty side are left out and counted. For translations in a file there is `gradus bleu`.

Examples:
  gradus evaluate --model m --test test.de test.en
  gradus evaluate --model m --test tok.de tok.en --tokenize none --lowercase --beam 10
  gradus evaluate --model m --test test.de ref1.en ref2.en --metrics bleu chrf ter --bootstrap 1000
  gradus evaluate --model toy           # the test sentences of the toy language, if that is what it was trained on
)";

struct Options {
  std::string model;
  std::vector<std::string> test;
  MetricOptions metrics{.metrics = {"bleu", "chrf"}};
  SearchOptions search;
  int threads = 0;
};

/// Text to translate with its references. `text.target` holds the first reference of each sentence.
struct TestText {
  ParallelText text;
  References references;
};

TestText with_one_reference(ParallelText text) {
  References references = references_of(std::span(&text.target, 1));
  return {std::move(text), std::move(references)};
}

/// Reads the source and one or more references. Sentences of which the source or the first reference is empty are left
/// out.
TestText read_test(const std::vector<std::string>& files) {
  TestText test = with_one_reference(read_parallel(files[0], files[1]));
  if (test.text.source.empty()) fail("{}, {}: no sentence pair to evaluate", files[0], files[1]);
  const size_t count = test.text.source.size() + test.text.skipped;
  for (size_t r = 2; r < files.size(); ++r) {
    const std::vector<std::string> lines = read_lines(files[r]);
    require_equal_lengths("parallel text", files[0], count, files[r], lines.size());
    for (size_t i = 0; i < test.references.size(); ++i) test.references[i].push_back(lines[test.text.lines[i] - 1]);
  }
  return test;
}

void report(Translator& translator, const Options& options, const TestText& test) {
  const std::vector<std::unique_ptr<Metric>> metrics = make_metrics(options.metrics);
  ThreadPool pool(thread_count(options.threads));
  const double start = seconds_now();
  const std::vector<std::string> translations = translator.translate(test.text.source, options.search, pool);
  const double seconds = seconds_now() - start;
  const double loss = cross_entropy(translator.model, translator.encode(test.text), pool);

  for (const auto& metric : metrics) {
    const SegmentStatistics statistics = corpus_statistics(*metric, translations, test.references);
    write_output(score_lines(make_report(*metric, {{options.model, statistics}}, test.references, options.metrics)));
  }
  write_output(fmt::format("perplexity {:.3f} (cross-entropy {:.4f} nats a {})\n", std::exp(loss), loss,
                           unit_of(translator.config.tokenizer)));
  write_output(fmt::format("{} sentences in {:.1f} s, {:.0f} a second, on {} threads, beam {}\n", translations.size(),
                           seconds, static_cast<double>(translations.size()) / seconds, pool.threads(),
                           options.search.beam));
}

int run(const Options& options) {
  make_metrics(options.metrics);  // wrong options show before the model is read
  const std::unique_ptr<Translator> translator = load_translator(options.model);
  if (!options.test.empty()) {
    const TestText test = read_test(options.test);
    warn_if_tokenized(options.metrics, test.text.target, options.test[1]);
    if (test.text.skipped > 0) write_output(fmt::format("left out {} pairs with an empty side\n", test.text.skipped));
    report(*translator, options, test);
    return 0;
  }
  if (!translator->config.toy) throw UsageError("evaluate: --test SRC REF is missing");
  const ToyCorpus toy = toy_corpus();
  for (const auto& [name, split] :
       {std::pair{"test", &toy.test}, {"sentences longer than any in training", &toy.test_long}}) {
    write_output(fmt::format("toy language, {}:\n", name));
    report(*translator, options, with_one_reference(toy_text(*split)));
  }
  return 0;
}

}

Command add_evaluate(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("evaluate", "Compare translations with a reference: BLEU, chrF, TER and perplexity");
  const auto options = std::make_shared<Options>();
  add_model_option(*command, options->model);
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
