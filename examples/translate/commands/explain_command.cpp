#include <fmt/core.h>

#include <memory>

#include "autograd/inspect/player.h"
#include "autograd/inspect/trace.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/output_file.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/translator/model_folder.h"
#include "examples/translate/translator/translate.h"
#include "ops/fused/unfused.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::translate {

namespace {

constexpr const char* kExamples =
    R"(Shows a training step of the model on one pair of sentences, op by op: what is computed from what,
and how the gradient of the loss flows back to the parameters. Nothing is trained; dropout is off.

Examples:
  gradus explain --model m "ein mann geht ."
  gradus explain --model m "ein mann geht ." --target "a man walks ." --all | less
  gradus explain --model m "ein mann geht ." --out step.html   # to step through in a browser
)";

struct Arguments {
  std::string model, target;
  OutputFile out;
  std::vector<std::string> sentence;
  size_t values = TraceOptions().values, check_seconds = 1;
  bool all = false, unfused = false;
};

int run(const Arguments& options) {
  const std::string source = join_words(options.sentence);
  require_utf8("explain", "sentence", source);
  require_utf8("explain", "target", options.target);
  require_page("explain", options.out);
  const std::unique_ptr<Translator> translator = load_translator(options.model);
  std::string target = options.target;
  if (target.empty()) {
    ThreadPool pool(1);
    target = best_translations(*translator, std::span(&source, 1), {}, pool).front();
  }
  ParallelText text;
  text.source = {source};
  text.target = {target};
  const std::vector<Pair> pairs = translator->encode(text);
  if (pairs.front().source.size() == 1) fail("explain: the sentence has no word");
  if (pairs.front().target.size() == 1 && !options.target.empty()) fail("explain: the target has no word");
  const int first = 0;
  const size_t words = pairs.front().target.size();
  const Batch batch = make_batch(pairs, std::span(&first, 1));
  const auto step = [&] {
    const Unfused scope(options.unfused);
    return translator->model.loss(batch, {.divisor = static_cast<Real>(words)});
  };
  if (options.out.is_wanted()) {
    const PlayerOptions player{.title = "A training step, forward and backward",
                               .about = {{"source", source}, {"target", target}, {"model", options.model}},
                               .check_seconds = static_cast<double>(options.check_seconds)};
    options.out.write(player_page(step, player));
    options.out.tell(fmt::format("source  {}\ntarget  {}\n{}", source, target, options.out.written("page")));
    return 0;
  }

  Tape tape;
  const Tensor loss = step();
  tape.backward(loss);
  write_output(fmt::format("source  {}\ntarget  {}\nloss    {} nats a word ({} with the end of the sentence)\n\n",
                           source, target, readable(static_cast<double>(loss.item()), 4), words));
  write_output(trace(tape, {.values = options.values, .fold = !options.all}));
  return 0;
}

}

Command explain_command() {
  const auto options = std::make_shared<Arguments>();
  return {.name = "explain",
          .help = "Show a training step, forward and backward, op by op",
          .footer = kExamples,
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
                         .may_be_empty = true},
                       {.names = "--check-seconds",
                        .target = &options->check_seconds,
                        .type = "N",
                        .help = "Measure finite differences for so long, to stand beside the gradients of the page",
                        .range = {0, 86'400}},
                       {.names = "--unfused",
                        .target = &options->unfused,
                        .help = "Show the basic ops that fused ones stand for, such as the gates of an LSTM"},
                       {.names = "--values",
                        .target = &options->values,
                        .type = "N",
                        .help = "Show the numbers of tensors that have at most so many",
                        .range = {0, 1'000'000}},
                       {.names = "--all", .target = &options->all, .help = "Do not fold stretches that repeat"}},
                      options->out.options("-o,--out", "Write a page (.html) that plays the step, instead of text")}),
          .run = [options] { return run(*options); }};
}

}
