#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>

#include "autograd/error.h"
#include "autograd/inspect/check.h"
#include "examples/translate/base/cores.h"
#include "examples/translate/base/interrupt.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/options/config_options.h"
#include "examples/translate/report/spread.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/training/trainer.h"
#include "examples/translate/translator/model_folder.h"
#include "nn/init.h"
#include "ops/gemm/blas_info.h"

namespace gradus::translate {

namespace {

constexpr const char* kExamples =
    R"(Text is plain UTF-8, one sentence a line. By default words stand between white space, as a tokeniser writes them;
for raw text choose another --tokenizer. After every epoch the validation text is translated; the model with the best
BLEU stays in DIR, and by the usual --schedule the learning rate falls when BLEU did not rise.
Ctrl-C ends after the current step and saves a checkpoint, from which --resume goes on, with the same result as
if it had never stopped. With --seeds all this is so for the trainings of all seeds together, the limits hold for each of
them, and each leaves an ordinary model. The rate tok/s counts words of the target text, the end of sentence included.

Examples:
  gradus train --toy --model toy
  gradus train --train train.de train.en --valid val.de val.en --model m --attention luong --dropout 0.4
  gradus train --train raw.de raw.en --valid val.de val.en --model m --tokenizer bpe --joint --vocabulary-size 8000
  gradus train --resume --model m --epochs 20
  gradus train --toy --model toys --seeds 3         # toys/seed-1 to toys/seed-3; with --resume --seeds 5 two more
  gradus evaluate --model toys/seed-*
)";

struct Arguments {
  ConfigOptions config;
  std::string model;
  std::optional<int> seeds;  // models to train; without it a single one, in the folder itself
  bool resume = false, force = false, check = false;
};

/// The training of one model.
struct Run {
  std::uint64_t seed;
  std::string directory;
};

/// Trainings that differ in their seeds alone.
struct Plan {
  TrainConfig config;  // with the first run's seed
  std::vector<Run> runs;
};

/// What all runs have in common.
struct Material {
  Languages languages;
  Corpus corpus;
};

void require_sense(const TrainConfig& config) {
  config.check_architecture();
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
    unknown += static_cast<size_t>(std::ranges::count(pair.*side, kUnknown));
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

std::string describe(const AttentionConfig& attention) {
  if (!attention.present) return "attention none";
  return fmt::format("attention {}, {}, {}, {} the recurrence{}{}{}", name_of(attention.score),
                     name_of(attention.scope), name_of(attention.normalizer), name_of(attention.attend),
                     attention.input_feeding ? ", input feeding" : "", attention.coverage ? ", coverage" : "",
                     attention.context_gate ? ", context gate" : "");
}

std::string describe(Translator& translator, const Corpus& corpus) {
  const TrainConfig& config = translator.config;
  const int threads = thread_count(config.threads);
  const char* unit = unit_of(config.tokenizer);
  const std::string kind =
      config.architecture == Architecture::Transformer ? name_of(config.architecture) : describe(config.attention);
  return fmt::format(
      "text        {} pairs to train on, {} to validate; left out: {} with an empty side, {} longer than {} {}s\n"
      "vocabulary  {} source {}s, {} target {}s; unknown in the validation text: {:.1f} %, {:.1f} %\n"
      "model       {}, {} parameters\n"
      "BLAS        {}\n"
      "machine     {} threads, {} shards{}",
      corpus.train.size(), corpus.valid.size(), corpus.empty, corpus.too_long, config.max_length, unit,
      translator.source.vocabulary.size(), unit, translator.target.vocabulary.size(), unit,
      unknown_share(corpus.valid, &Pair::source), unknown_share(corpus.valid, &Pair::target), kind,
      translator.model.parameter_count(), gradus::describe(blas_info()), threads, config.shards,
      threads > config.shards ? "; more --shards would keep all threads busy" : "");
}

/// Fails if the folder holds what a new training would mix with or, without --force, replace.
void require_room(const Arguments& options) {
  const bool several = options.seeds.has_value(), holds_one = holds_model(options.model);
  const bool holds_several = !seeds_in(options.model).empty();
  if (several && holds_one)
    fail("train: {} holds a model itself; those of several seeds need another folder", options.model);
  if (!several && holds_several)
    fail("train: {} holds the models of several seeds; a single one needs another folder", options.model);
  if (options.force) return;
  if (holds_several)
    fail("train: {} holds models already; --resume goes on with their training, --force replaces them", options.model);
  if (holds_one)
    fail("train: {} holds a model already; --resume goes on with its training, --force replaces it", options.model);
}

Plan plan_new(Arguments& options) {
  Plan plan{options.config.resolve(), {}};
  require_sense(plan.config);
  require_room(options);
  if (!options.seeds) plan.runs.push_back({plan.config.seed, options.model});
  for (int i = 0; i < options.seeds.value_or(0); ++i) {
    const std::uint64_t seed = plan.config.seed + static_cast<std::uint64_t>(i);
    plan.runs.push_back({seed, seed_folder(options.model, seed)});
  }
  if (!options.force) {
    for (const Run& run : plan.runs) require_no_training("train", run.directory);
  }
  return plan;
}

/// The trainings that were begun, and with more --seeds new ones after them.
Plan plan_resumed(Arguments& options) {
  std::vector<std::uint64_t> seeds = seeds_in(options.model);
  const auto wanted = static_cast<size_t>(options.seeds.value_or(0));
  if (holds_model(options.model) || seeds.empty()) {
    const TrainConfig config = options.config.resume(load_config(options.model));
    require_sense(config);
    if (wanted > 0) fail("train: --seeds: {} holds a single model, not those of several seeds", options.model);
    return {config, {{config.seed, options.model}}};
  }
  if (wanted > 0 && wanted < seeds.size())
    fail("train: --seeds: {} is less than the {} that {} holds", wanted, seeds.size(), options.model);
  Plan plan{options.config.resume(load_config(seed_folder(options.model, seeds.front()))), {}};
  require_sense(plan.config);
  while (seeds.size() < wanted) seeds.push_back(seeds.back() + 1);
  for (const std::uint64_t seed : seeds) plan.runs.push_back({seed, seed_folder(options.model, seed)});
  return plan;
}

/// Makes the folders of all runs, so that they tell what there is to resume.
void make_folders(const Plan& plan, const Arguments& options, Translator& words) {
  if (!options.resume) {
    for (const std::uint64_t old : seeds_in(options.model)) remove_model(seed_folder(options.model, old));
  }
  for (const Run& run : plan.runs) {
    words.config.seed = run.seed;
    if (!options.resume || !holds_model(run.directory)) create_model(run.directory, words);
  }
}

Material prepare(const Plan& plan, const Arguments& options, Progress& progress) {
  CorpusText text = load_text(plan.config);
  const WithoutInit without_init;  // of this model only the words are of use
  const std::unique_ptr<Translator> words =
      options.resume
          ? load_words(plan.runs.front().directory, plan.config)
          : std::make_unique<Translator>(plan.config, learn_languages(text.train, language_options(plan.config)));
  Corpus corpus = encode_corpus(std::move(text), *words, plan.config);
  make_folders(plan, options, *words);
  progress.print(describe(*words, corpus));
  if (plan.config.tokenizer == TokenizerKind::Whitespace && looks_raw(corpus.valid_text.target)) {
    progress.print("note        full stops touch words, so the text looks raw; try --tokenizer words, bpe or unigram");
  }
  return {{std::move(words->source), std::move(words->target)}, std::move(corpus)};
}

const char* reason(Trainer::End end) {
  if (end == Trainer::End::Epochs) return "all epochs done; for more, --resume with more --epochs";
  if (end == Trainer::End::Patience) return "BLEU has stopped rising; to go on, --resume with more --patience";
  return "time is up; to go on, --resume with more --max-minutes";
}

/// Trains one model, from its beginning or from where it stopped, and returns its state; nothing if somebody
/// interrupted it.
std::optional<TrainState> train(TrainConfig config, const Run& run, const Languages& languages, Corpus corpus,
                                const Arguments& options, Progress& progress) {
  config.seed = run.seed;
  const bool begun = has_begun(run.directory);
  const std::unique_ptr<Translator> translator =
      begun ? load_words(run.directory, config) : std::make_unique<Translator>(config, languages);
  Trainer trainer(*translator, std::move(corpus), run.directory, progress);
  const TrainState& state = trainer.state();
  if (begun) {
    trainer.resume();
    progress.print(fmt::format("resumed     in epoch {} after batch {}", state.epoch + 1, state.batch));
  }
  if (options.resume) save_config(run.directory, config);  // with what it changes, now that the training can go on
  const Trainer::End end = trainer.run();
  if (end == Trainer::End::Interrupted) {
    progress.print(fmt::format("interrupted in epoch {} after batch {}; go on with: gradus train --resume --model {}",
                               state.epoch + 1, state.batch, options.model));
    return {};
  }
  progress.print(reason(end));
  progress.print(fmt::format("{} holds the model of epoch {}, validation BLEU {:.2f}", run.directory, state.best_epoch,
                             state.best_bleu));
  return state;
}

int run(Arguments& options) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader of the progress that goes away is no reason to lose the training
  std::optional<Checking> checking;
  if (options.check) checking.emplace();
  Progress progress;
  const Plan plan = options.resume ? plan_resumed(options) : plan_new(options);
  Material material = prepare(plan, options, progress);

  const InterruptGuard interrupt;  // from here on Ctrl-C leaves something to resume, also between two runs
  const size_t count = plan.runs.size();
  std::vector<std::string> folders;
  Measure bleu{"validation BLEU"};
  for (const Run& run : plan.runs) {
    folders.push_back(run.directory);
    if (count > 1) progress.print(fmt::format("\nseed {} ({} of {})", run.seed, folders.size(), count));
    Corpus corpus = folders.size() < count ? material.corpus : std::move(material.corpus);
    const auto state = train(plan.config, run, material.languages, std::move(corpus), options, progress);
    if (!state) return kInterrupted;
    bleu.values.push_back(state->best_bleu);
  }
  if (count == 1) return 0;
  std::string table = spread_table(folders, {bleu});
  table.pop_back();  // its last line ends with `print`
  progress.print("\n" + table);
  return 0;
}

}

Command train_command() {
  const auto options = std::make_shared<Arguments>();
  return {
      .name = "train",
      .help = "Train a translator on parallel text",
      .footer = kExamples,
      .options = joined({{model_option(options->model),
                          {.names = "--resume",
                           .target = &options->resume,
                           .help = "Go on with the training in DIR",
                           .excludes = "--force"},
                          {.names = "--force",
                           .target = &options->force,
                           .help = "Replace a model that is in DIR already",
                           .excludes = "--resume"},
                          {.names = "--seeds",
                           .target = &options->seeds,
                           .type = "N",
                           .help = "Train so many models, one after the other, with the seeds --seed, --seed + 1, "
                                   "... in DIR/seed-1, ...",
                           .range = {{1, 1000}}},
                          {.names = "--check",
                           .target = &options->check,
                           .help = "Stop at the first NaN, and at mistakes of a new op or layer, and say where they "
                                   "are; slower, with the same result"}},
                         options->config.options()}),
      .run = [options] { return run(*options); }};
}

}
