#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>

#include "autograd/error.h"
#include "examples/translate/bleu.h"
#include "examples/translate/checkpoint.h"
#include "examples/translate/commands.h"
#include "examples/translate/cores.h"
#include "examples/translate/corpus.h"
#include "examples/translate/progress.h"

namespace gradus::translate {

namespace {

constexpr const char* kExamples =
    R"(BLEU is that of the corpus, 0 to 100, as sacreBLEU computes it by default: the reference as it stands, split by
the 13a rules. For text that is tokenised already, give --tokenize none. Perplexity is teacher-forced, per word of
the model's vocabulary, the end of sentence included. Pairs with an empty side are left out and counted.

Examples:
  gradus evaluate --model m --test test.de test.en
  gradus evaluate --model m --test tok.de tok.en --tokenize none --lowercase --beam 10
  gradus evaluate --model toy           # the test sentences of the toy language, if that is what it was trained on
)";

struct Options {
  std::string model, tokenizer = "13a";
  std::vector<std::string> test;
  bool lowercase = false;
  SearchOptions search;
  int threads = 0;
};

void report(Translator& translator, const Options& options, const ParallelText& text) {
  ThreadPool pool(thread_count(options.threads));
  const double start = seconds_now();
  const std::vector<std::string> translations = translator.translate(text.source, options.search, pool);
  const double seconds = seconds_now() - start;

  const bool split = options.tokenizer == "13a";
  const BleuScore bleu =
      corpus_bleu(translations, text.target,
                  {.tokenizer = split ? BleuTokenizer::k13a : BleuTokenizer::kNone, .lowercase = options.lowercase});
  const double loss = cross_entropy(translator.model, translator.encode(text), pool);
  write_output(fmt::format("{}\n", bleu.summary()));
  write_output(fmt::format("  nrefs:1|case:{}|tok:{}|smooth:exp, beam {}\n", options.lowercase ? "lc" : "mixed",
                           options.tokenizer, options.search.beam));
  write_output(fmt::format("perplexity {:.3f} (cross-entropy {:.4f} nats a word)\n", std::exp(loss), loss));
  write_output(fmt::format("{} sentences in {:.1f} s, {:.0f} a second, on {} threads\n", text.source.size(), seconds,
                           static_cast<double>(text.source.size()) / seconds, pool.threads()));
}

int run(const Options& options) {
  const std::unique_ptr<Translator> translator = load_translator(options.model);
  if (!options.test.empty()) {
    const ParallelText text = read_parallel(options.test[0], options.test[1]);
    if (text.source.empty()) fail("{}, {}: no sentence pair to evaluate", options.test[0], options.test[1]);
    if (text.skipped > 0) write_output(fmt::format("left out {} pairs with an empty side\n", text.skipped));
    report(*translator, options, text);
    return 0;
  }
  if (!translator->config.toy) throw UsageError("evaluate: --test SRC REF is missing");
  const ToyCorpus toy = toy_corpus();
  for (const auto& [name, split] :
       {std::pair{"test", &toy.test}, {"sentences longer than any in training", &toy.test_long}}) {
    write_output(fmt::format("toy language, {}:\n", name));
    report(*translator, options, toy_text(*split));
  }
  return 0;
}

}

Command add_evaluate(CLI::App& program) {
  CLI::App* command = program.add_subcommand("evaluate", "Compare translations with a reference: BLEU and perplexity");
  const auto options = std::make_shared<Options>();
  add_model_option(*command, options->model);
  command->add_option("-t,--test", options->test, "Two files of as many lines: text to translate, and its translation")
      ->expected(2)
      ->type_name("SRC REF");
  command
      ->add_option("--tokenize", options->tokenizer, "How BLEU splits lines into words: 13a, or none for white space")
      ->check(CLI::IsMember({"13a", "none"}))
      ->type_name("KIND")
      ->capture_default_str();
  command->add_flag("--lowercase", options->lowercase, "Compare without regard to case");
  add_search_options(*command, options->search);
  add_threads_option(*command, options->threads);
  command->footer(kExamples);
  return {command, [options] { return run(*options); }};
}

}
