#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <memory>

#include "autograd/error.h"
#include "examples/translate/commands.h"
#include "examples/translate/config_options.h"
#include "examples/translate/cores.h"
#include "examples/translate/trainer.h"
#include "examples/translate/unicode.h"
#include "ops/blas.h"

namespace gradus::translate {

namespace {

constexpr const char* kExamples =
    R"(Text is plain UTF-8, one sentence a line. By default words stand between white space, as a tokeniser writes them;
for raw text choose another --tokenizer. After every epoch the validation text is translated; the model with the best
BLEU stays in DIR, and the learning rate falls when BLEU did not rise.
Ctrl-C ends after the current step and saves a checkpoint, from which --resume goes on, with the same result as
if it had never stopped. The rate tok/s counts words of the target text, the end of sentence included.

Examples:
  gradus train --toy --model toy
  gradus train --train train.de train.en --valid val.de val.en --model m --attention luong --dropout 0.4
  gradus train --train raw.de raw.en --valid val.de val.en --model m --tokenizer bpe --joint --vocabulary-size 8000
  gradus train --resume --model m --epochs 20
)";

struct Options {
  explicit Options(CLI::App& command) : config(command) {}
  ConfigOptions config;
  std::string model;
  bool resume = false, force = false;
};

void require_sense(const TrainConfig& config) {
  if (config.tied_embeddings == TiedEmbeddings::All && !config.joint)
    throw UsageError("train: --tied-embeddings all needs --joint, one vocabulary for both languages");
  if (config.toy) {
    if (!config.train.empty() || !config.valid.empty())
      throw UsageError("train: --toy brings its own text; leave out --train and --valid");
    if (config.tokenizer != TokenizerKind::Whitespace || config.joint)
      throw UsageError("train: --toy brings its own words; leave out --tokenizer and --joint");
    return;
  }
  if (config.train.empty()) throw UsageError("train: --train SRC TGT is missing (or --toy, for the built-in language)");
  if (config.valid.empty())
    throw UsageError("train: --valid SRC TGT is missing; validation decides which model is best");
}

/// The share of one side's words that are <unk>, in per cent.
double unknown_share(const std::vector<Pair>& pairs, std::vector<int> Pair::*side) {
  size_t unknown = 0, words = 0;
  for (const Pair& pair : pairs) {
    unknown += static_cast<size_t>(std::ranges::count(pair.*side, Vocabulary::kUnknown));
    words += (pair.*side).size() - 1;  // without </s>
  }
  return 100 * static_cast<double>(unknown) / static_cast<double>(words);
}

/// Whether most lines end in a full stop that touches a word, as no tokenised text does.
bool looks_raw(const std::vector<std::string>& lines) {
  const auto touching = std::ranges::count_if(lines, [](const std::string& line) {
    const std::string_view last = split_words(line).back();
    return last.size() > 1 && std::string_view(".!?").find(last.back()) != std::string_view::npos;
  });
  return 2 * static_cast<size_t>(touching) > lines.size();
}

std::string describe(Translator& translator, const Corpus& corpus) {
  const TrainConfig& config = translator.config;
  const int threads = thread_count(config.threads);
  const char* unit = unit_of(config.tokenizer);
  return fmt::format(
      "text        {} pairs to train on, {} to validate; left out: {} with an empty side, {} longer than {} {}s\n"
      "vocabulary  {} source {}s, {} target {}s; unknown in the validation text: {:.1f} %, {:.1f} %\n"
      "model       attention {}, {} parameters\n"
      "BLAS        {}\n"
      "machine     {} threads, {} shards{}",
      corpus.train.size(), corpus.valid.size(), corpus.empty, corpus.too_long, config.max_length, unit,
      translator.source.vocabulary.size(), unit, translator.target.vocabulary.size(), unit,
      unknown_share(corpus.valid, &Pair::source), unknown_share(corpus.valid, &Pair::target), name_of(config.attention),
      translator.model.parameter_count(), gradus::describe(blas_info()), threads, config.shards,
      threads > config.shards ? "; more --shards would keep all threads busy" : "");
}

int report(Trainer::End end, const Trainer& trainer, const Options& options, Progress& progress) {
  const TrainState& state = trainer.state();
  if (end == Trainer::End::Interrupted) {
    progress.print(fmt::format("interrupted in epoch {} after batch {}; go on with: gradus train --resume --model {}",
                               state.epoch + 1, state.batch, options.model));
    return kInterrupted;
  }
  const char* reason = end == Trainer::End::Epochs ? "all epochs done; for more, --resume with more --epochs"
                       : end == Trainer::End::Patience
                           ? "BLEU has stopped rising; to go on, --resume with more --patience"
                           : "time is up; to go on, --resume with more --max-minutes";
  progress.print(reason);
  progress.print(fmt::format("{} holds the model of epoch {}, validation BLEU {:.2f}", options.model, state.best_epoch,
                             state.best_bleu));
  return 0;
}

int run(Options& options) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader of the progress that goes away is no reason to lose the training
  Progress progress;
  const TrainConfig config =
      options.resume ? options.config.resume(load_config(options.model)) : options.config.resolve();
  require_sense(config);
  if (!options.resume && !options.force && holds_model(options.model)) {
    fail("train: {} holds a model already; --resume goes on with its training, --force replaces it", options.model);
  }
  CorpusText text = load_text(config);
  const std::unique_ptr<Translator> translator =
      options.resume ? load_words(options.model, config)
                     : std::make_unique<Translator>(config, learn_languages(text.train, config));
  Corpus corpus = encode_corpus(std::move(text), *translator);
  if (!options.resume) create_model(options.model, *translator);
  progress.print(describe(*translator, corpus));
  if (config.tokenizer == TokenizerKind::Whitespace && looks_raw(corpus.valid_text.target)) {
    progress.print("note        full stops touch words, so the text looks raw; try --tokenizer words, bpe or unigram");
  }

  Trainer trainer(*translator, std::move(corpus), options.model, progress);
  if (options.resume) {
    trainer.resume();
    save_config(options.model, config);
    progress.print(
        fmt::format("resumed     in epoch {} after batch {}", trainer.state().epoch + 1, trainer.state().batch));
  }
  return report(trainer.run(), trainer, options, progress);
}

}

Command add_train(CLI::App& program) {
  CLI::App* command = program.add_subcommand("train", "Train a translator on parallel text");
  const auto options = std::make_shared<Options>(*command);
  add_model_option(*command, options->model);
  auto* resume = command->add_flag("--resume", options->resume, "Go on with the training in DIR");
  command->add_flag("--force", options->force, "Replace a model that is in DIR already")->excludes(resume);
  command->footer(kExamples);
  return {command, [options] { return run(*options); }};
}

}
