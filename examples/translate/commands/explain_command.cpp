#include <fmt/core.h>

#include <functional>
#include <memory>
#include <optional>

#include "autograd/inspect/player.h"
#include "autograd/inspect/trace.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/report/player/step_words.h"
#include "examples/translate/translator/model_folder.h"
#include "examples/translate/translator/translate.h"
#include "ops/fused/unfused.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::translate {

namespace {

constexpr const char* kExplainExamples =
    R"(Shows a training step of the model on one pair of sentences, op by op: what is computed from what,
and how the gradient of the loss flows back to the parameters. Nothing is trained; dropout is off.

Examples:
  gradus explain --model m "ein mann geht ."
  gradus explain --model m "ein mann geht ." --target "a man walks ." --all
  gradus explain --model m "ein mann geht ." --out step.html  # for a browser
  gradus explain --model m "ein mann geht ." --target "a dog sleeps ."

A model that knows a translation has tiny gradients for it. Another
translation, or --untrained, has larger ones.
)";

struct ExplainArguments {
  std::string model, target;
  OutputFile out;
  std::vector<std::string> sentence;
  size_t values = TraceOptions().values, check_seconds = 1;
  bool has_target = false, untrained = false, all = false, unfused = false;
};

/// Below it gradients are too small to see much in; nats a word.
constexpr double kSmallLoss = 0.05;

constexpr const char* kHint =
    "the model knows this translation, so its gradients are tiny; another\n        --target, or --untrained, has "
    "larger ones";

constexpr const char* kLegend =
    R"(%7 is the tensor with number 7, and d%7 its gradient. Where several gradients
add up, each says which of them it is, as 1 of 8, and the last one shows the
sum. A shape of (7, 64) has a row for each word, </s> included, the end of the
sentence.
)";

double loss_of(const std::function<Tensor()>& step) {
  const Tape tape(Tape::Inference);
  return step().item();
}

std::string hint_line(const char* hint) { return *hint ? fmt::format("hint    {}\n", hint) : ""; }

int run(const ExplainArguments& options) {
  const std::string source = join_words(options.sentence);
  require_utf8("explain", "sentence", source);
  require_utf8("explain", "target", options.target);
  require_page("explain", options.out);
  const std::unique_ptr<Translator> translator = load_translator(options.model);
  std::string target = options.target;
  if (!options.has_target) {
    ThreadPool pool(1);
    target = best_translations(*translator, std::span(&source, 1), {}, pool).front();
  }
  tell_unknown_words("explain", "source", translator->source, source);
  if (options.has_target) tell_unknown_words("explain", "target", translator->target, target);
  ParallelText text;
  text.source = {source};
  text.target = {target};
  const std::vector<Pair> pairs = translator->encode(text);
  if (pairs.front().source.size() == 1) fail("explain: the sentence has no word");
  if (pairs.front().target.size() == 1 && options.has_target) fail("explain: the target has no word");
  const int first = 0;
  const size_t words = pairs.front().target.size();
  const Batch batch = make_batch(pairs, std::span(&first, 1));
  std::optional<Translator> fresh;
  if (options.untrained) fresh.emplace(translator->config, *translator);
  Translator& shown = fresh ? *fresh : *translator;
  shown.model.eval();
  const auto step = [&] {
    const Unfused scope(options.unfused);
    return shown.model.loss(batch, {.divisor = static_cast<Real>(words)});
  };
  const double value = loss_of(step);
  const std::string loss = fmt::format("{} nats a word ({} with the end of the sentence)", readable(value, 4), words);
  const char* const hint = value < kSmallLoss ? kHint : "";
  if (options.out.is_wanted()) {
    const std::string name = options.model + (options.untrained ? ", untrained" : "");
    PlayerOptions player = words_of_step(shown, pairs.front());
    player.title = "A training step, forward and backward";
    player.about = {
        {"source", source}, {"target", target}, {"model", name}, {"loss", loss + (*hint ? "; " : "") + hint}};
    player.check_seconds = static_cast<double>(options.check_seconds);
    options.out.write(player_page(step, player));
    options.out.tell(fmt::format("source  {}\ntarget  {}\nloss    {}\n{}{}", source, target, loss, hint_line(hint),
                                 options.out.written("page")));
    return 0;
  }

  Tape tape;
  tape.backward(step());
  write_output(
      fmt::format("source  {}\ntarget  {}\nloss    {}\n{}\n{}\n", source, target, loss, hint_line(hint), kLegend));
  write_output(trace(tape, {.values = options.values, .fold = !options.all}));
  return 0;
}

}

Command explain_command() {
  const auto options = std::make_shared<ExplainArguments>();
  return {.name = "explain",
          .help = "Show a training step, forward and backward, op by op",
          .group = "Look inside",
          .footer = kExplainExamples,
          .options =
              joined({{model_option(options->model),
                       {.names = "sentence",
                        .target = &options->sentence,
                        .type = "SENTENCE",
                        .help = "The source",
                        .required = true},
                       {.names = "--target",
                        .target = &options->target,
                        .type = "TEXT",
                        .help = "Its translation; otherwise what the model makes of it",
                        .may_be_empty = true,
                        .given = &options->has_target},
                       {.names = "--untrained",
                        .target = &options->untrained,
                        .help = "The model with the first values of its configuration and seed"},
                       {.names = "--check-seconds",
                        .target = &options->check_seconds,
                        .type = "N",
                        .help = "Measure finite differences for so long, to stand beside the gradients of the page",
                        .range = {0, 86'400},
                        .needs = "--out"},
                       {.names = "--unfused",
                        .target = &options->unfused,
                        .help = "Show the basic ops that fused ones stand for, such as the gates of an LSTM"},
                       {.names = "--values",
                        .target = &options->values,
                        .type = "N",
                        .help = "Show the numbers of tensors that have at most so many",
                        .range = {0, 1'000'000},
                        .excludes = "--out"},
                       {.names = "--all",
                        .target = &options->all,
                        .help = "Do not fold stretches that repeat",
                        .excludes = "--out"}},
                      options->out.options("-o,--out", "Write a page (.html) that plays the step, instead of text")}),
          .run = [options] { return run(*options); }};
}

}
