#include <memory>
#include <numeric>

#include "autograd/error.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/machine/cores.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/report/score_report.h"
#include "examples/translate/text/text.h"
#include "examples/translate/translator/ensemble.h"
#include "examples/translate/translator/translate.h"
#include "nn/storage/json.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::translate {

namespace {

constexpr const char* kScoreExamples =
    R"(Writes the log-probability of each translation, natural and with its end of sentence, a line a pair. A word that the
model does not know counts as <unk>. The perplexity of the whole, per word with the ends of sentence, goes to standard
error; pairs with an empty side have no part in it.

Examples:
  gradus score --model m test.de test.en > scores
  gradus score --model m test.de test.en --tokens  # -5.1<TAB>a -0.7 ...
  gradus score --model a --model b test.de test.en  # together
)";

struct ScoreArguments {
  std::vector<std::string> models;
  std::string source, target;
  bool tokens = false, json = false;
  int threads = 0;
};

/// A pair, with what the model thinks of each word of the translation and of its end.
struct Scored {
  std::vector<std::string> words;  // </s> last
  std::vector<double> log_probabilities;
  double sum = 0;
};

std::vector<Scored> score(const Ensemble& ensemble, const ParallelText& text, ThreadPool& pool) {
  std::vector<std::vector<double>> scores = score_pairs(ensemble.models(), text, pool);
  std::vector<Scored> result(scores.size());
  const Language& target = ensemble.first().target;
  for (size_t i = 0; i < result.size(); ++i) {
    result[i].words = target.split(text.target[i]);
    result[i].words.push_back(target.vocabulary.word(kEnd));
    result[i].sum = std::accumulate(scores[i].begin(), scores[i].end(), 0.0);
    result[i].log_probabilities = std::move(scores[i]);
  }
  return result;
}

std::string describe(const ScoreArguments& options, const Scored& scored) {
  if (options.json) {
    Json json = Json::object({{"log_probability", scored.sum}});
    if (options.tokens) {
      json.set("tokens", scored.words);
      json.set("log_probabilities", scored.log_probabilities);
    }
    return json.dump();
  }
  std::string line = fmt::format("{:.6f}", scored.sum);
  for (size_t i = 0; options.tokens && i < scored.words.size(); ++i) {
    line += fmt::format("{}{} {:.6f}", i == 0 ? '\t' : ' ', scored.words[i], scored.log_probabilities[i]);
  }
  return line;
}

int run(const ScoreArguments& options) {
  const ParallelText text = read_all_pairs(options.source, options.target);
  std::vector<size_t> complete;
  for (size_t i = 0; i < text.source.size(); ++i) {
    if (text.is_complete(i)) complete.push_back(i);
  }
  if (complete.empty())
    fail("{}, {}: no sentence pair to score", input_name(options.source), input_name(options.target));
  const Ensemble ensemble(options.models);
  ThreadPool pool(thread_count(options.threads));
  const std::vector<Scored> scored = score(ensemble, text, pool);
  std::string output;
  for (const Scored& pair : scored) output += describe(options, pair) + '\n';
  write_output(output);

  double sum = 0;
  size_t words = 0;
  for (const size_t i : complete) {
    sum += scored[i].sum;
    words += scored[i].words.size();
  }
  const size_t left_out = scored.size() - complete.size();
  const char* const unit = unit_of(ensemble.first().config.tokenizer);
  const double loss = -sum / static_cast<double>(words);
  fmt::print(stderr, "{}, {} sentences, {} {}s{}\n", perplexity_text(loss, unit), complete.size(), words, unit,
             left_out == 0 ? "" : fmt::format("; left out {} pairs with an empty side", left_out));
  return 0;
}

}

Command score_command() {
  const auto options = std::make_shared<ScoreArguments>();
  Option models = models_option(options->models);
  models.one_a_time = true;  // files follow
  return {
      .name = "score",
      .help = "Say how likely given translations are",
      .group = "Measure",
      .footer = kScoreExamples,
      .options = {models,
                  {.names = "source",
                   .target = &options->source,
                   .type = "SRC",
                   .help = "Text, one sentence a line",
                   .required = true,
                   .is_input = true},
                  {.names = "target",
                   .target = &options->target,
                   .type = "TGT",
                   .help = "Its translation, line by line",
                   .required = true,
                   .is_input = true},
                  {.names = "--tokens", .target = &options->tokens, .help = "Also the log-probability of every word"},
                  {.names = "--json", .target = &options->json, .help = "Write a JSON object a line"},
                  threads_option(options->threads)},
      .run = [options] { return run(*options); }};
}

}
