#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "autograd/error.h"
#include "autograd/inspect/check.h"
#include "examples/translate/base/interrupt.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/commands/commands.h"
#include "examples/translate/commands/training_plan.h"
#include "examples/translate/machine/cores.h"
#include "examples/translate/machine/peak_memory.h"
#include "examples/translate/machine/ranks.h"
#include "examples/translate/options/common_options.h"
#include "examples/translate/options/config_options.h"
#include "examples/translate/recipe/recipe.h"
#include "examples/translate/recipe/warnings.h"
#include "examples/translate/report/spread.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/training/joining.h"
#include "examples/translate/training/trainer.h"
#include "examples/translate/translator/model_folder.h"
#include "examples/translate/translator/new_model.h"
#include "nn/init.h"
#include "ops/gemm/blas_info.h"

namespace gradus::translate {

namespace {

constexpr const char* kTrainExamples =
    R"(Text is plain UTF-8, one sentence a line, or that compressed by gzip or zstd. What nobody gives is decided from the text,
and printed with its reason: how lines become words, the sizes of the model, how long it is trained; without --valid a part of the
text is held out. The validation text is translated now and then, and the best model stays in DIR.

Ctrl-C ends after the current step and saves a checkpoint, from which --resume goes on, with the same result as
if it had never stopped. With --seeds all this is so for the trainings of all seeds together, the limits hold for each of
them, and each leaves an ordinary model. The rate tok/s counts words of the target text, the end of sentence included.

Examples:
  gradus train --train text.de text.en --model m
  gradus train --train text.de text.en --model m --max-minutes 10
  gradus train --resume --model m --epochs 20
  gradus train --toy --model toy
  gradus train --train a.de a.en --valid b.de b.en --model m --attention luong
  gradus train --config m/config.json --model n --dropout 0.4
  gradus train --toy --model toys --seeds 3  # toys/seed-1 to toys/seed-3
  gradus evaluate --model toys/seed-*
)";

constexpr double kForecastSeconds = 5;
constexpr double kManyUnknown = 10;  // per cent

/// What all runs have in common.
struct Material {
  std::vector<FolderLock> locks;  // of all folders, until the last run ends
  Languages languages;
  Corpus corpus;
};

/// The share of one side's words that are <unk>, in per cent.
double unknown_share(const std::vector<Pair>& pairs, std::vector<int> Pair::*side) {
  size_t unknown = 0, words = 0;
  for (const Pair& pair : pairs) {
    unknown += static_cast<size_t>(std::ranges::count(pair.*side, kUnknown));
    words += (pair.*side).size() - 1;  // without </s>
  }
  return 100 * static_cast<double>(unknown) / static_cast<double>(words);
}

std::string describe(const AttentionConfig& attention) {
  if (!attention.present) return "attention none";
  return fmt::format("attention {}, {}, {}, {} the recurrence{}{}{}", name_of(attention.score),
                     name_of(attention.scope), name_of(attention.normalizer), name_of(attention.attend),
                     attention.input_feeding ? ", input feeding" : "", attention.coverage ? ", coverage" : "",
                     attention.context_gate ? ", context gate" : "");
}

/// The configuration as a table: key, value, and where that comes from.
std::string describe(TrainConfig config, const Origins& origins) {
  const std::vector<ConfigField> fields = config.fields();
  std::size_t keys = 0, values = 0;
  for (const ConfigField& field : fields) {
    keys = std::max(keys, std::string_view(field.key).size());
    values = std::max(values, field.text().size());
  }
  std::string table;
  for (const ConfigField& field : fields) {
    table += fmt::format("{:<{}}  {:<{}}  {}\n", field.key, keys, field.text(), values,
                         name_of(origin_of(origins, field.key)));
  }
  return table;
}

std::string describe(Translator& translator, const Corpus& corpus) {
  const TrainConfig& config = translator.config;
  const int threads = thread_count(config.threads);
  const char* unit = unit_of(config.tokenizer);
  const bool held_out = !config.toy && config.valid.empty();
  const double unknown_source = unknown_share(corpus.valid, &Pair::source),
               unknown_target = unknown_share(corpus.valid, &Pair::target);
  std::string text = fmt::format("text        {} pairs to train on, {} {}to validate\n", corpus.train.size(),
                                 corpus.valid.size(), held_out ? "held out " : "");
  if (corpus.empty > 0) text += fmt::format("left out    {} with an empty side\n", corpus.empty);
  if (corpus.too_long > 0)
    text += fmt::format("left out    {} longer than {} {}s\n", corpus.too_long, config.max_length, unit);
  if (corpus.copies > 0) text += fmt::format("left out    {} copies of what is held out\n", corpus.copies);
  text += fmt::format("vocabulary  {} source {}s, {} target {}s\n", translator.source.vocabulary.size(), unit,
                      translator.target.vocabulary.size(), unit);
  if (unknown_source + unknown_target > 0) {
    text += fmt::format("unknown     {:.1f} % of the source {}s to validate, {:.1f} % of the target's\n",
                        unknown_source, unit, unknown_target);
  }
  if (std::max(unknown_source, unknown_target) > kManyUnknown && config.tokenizer == TokenizerKind::Whitespace) {
    text += "warning     many words are unknown; with --tokenizer bpe none would be\n";
  }
  text += fmt::format(
      "model       {}\n            {} parameters\n",
      config.architecture == Architecture::Recurrent ? describe(config.attention) : name_of(config.architecture),
      translator.model.parameter_count());
  text += fmt::format("BLAS        {}\nmachine     {}{} threads, {}{} shards{}", gradus::describe(blas_info()),
                      ranks().size() > 1 ? fmt::format("{} processes, each with ", ranks().size()) : "", threads,
                      config.groups > 1 ? fmt::format("{} groups of ", int{config.groups}) : "", int{config.shards},
                      threads > config.shards ? "; more --shards would keep all threads busy" : "");
  if (ranks().size() > config.groups) {
    text += fmt::format(
        "\nwarning     {} processes share {} groups: the others have nothing to do in a step; --groups "
        "belongs to a training from its beginning",
        ranks().size(), int{config.groups});
  }
  return text;
}

/// The folders of earlier trainings of several seeds, which a new one replaces.
std::vector<std::string> old_seeds(const Plan& plan, const TrainArguments& options) {
  std::vector<std::string> folders;
  if (options.resume) return folders;
  for (const std::uint64_t seed : seeds_in(options.model)) {
    if (std::ranges::count(plan.runs, seed, &Run::seed) == 0) folders.push_back(seed_folder(options.model, seed));
  }
  return folders;
}

/// Keeps other programs out of all folders that this one writes.
std::vector<FolderLock> lock_folders(const Plan& plan, const TrainArguments& options) {
  std::set<std::string> folders = {options.model};
  for (const Run& run : plan.runs) folders.insert(run.directory);
  for (const std::string& old : old_seeds(plan, options)) folders.insert(old);
  std::vector<FolderLock> locks;
  for (const std::string& folder : folders) locks.push_back(lock_model("train", folder));
  require_room(options, plan);  // once more: another program may have been faster
  return locks;
}

/// Makes the folders of several runs, so that they tell what there is to resume. That of a single one is made with its
/// first checkpoint; so are these where they may replace models, which stay until all new ones are whole.
void make_folders(const Plan& plan, const Material& material, const TrainArguments& options, Progress& progress) {
  if (!options.seeds) return;
  std::vector<std::unique_ptr<NewModel>> replacing;
  for (const Run& run : plan.runs) {
    if (options.resume && has_begun(run.directory)) continue;
    TrainConfig config = plan.config;
    config.seed = run.seed;
    Translator translator(config, material.languages);
    if (options.force) {
      replacing.push_back(Trainer(translator, material.corpus, run.directory, progress).prepare());
    } else {
      create_model(run.directory, translator);
    }
  }
  for (const std::unique_ptr<NewModel>& model : replacing) model->commit();
  for (const std::string& old : old_seeds(plan, options)) remove_model(old);
}

/// Lets the text decide what nobody has said of a new training.
void decide_by_text(const TextFacts& facts, std::size_t held_out, Plan& plan, Origins& origins, Progress& progress) {
  if (plan.config.valid.empty()) plan.config.hold_out = static_cast<int>(held_out);
  for (const auto& [options, reason] : decide(plan.config, origins, facts)) {
    progress.print(fmt::format("decided     {}: {}", options, reason));
  }
}

/// A group for each rank, if nobody has said how many there are.
void decide_groups(TrainConfig& config, const Origins& origins, Progress& progress) {
  if (ranks().size() == 1 || origin_of(origins, "groups") != Origin::Default) return;
  config.groups = ranks().size();
  progress.print(
      fmt::format("decided     --groups {}: one for each of the processes; so many it has from now on, whatever "
                  "the number of processes",
                  config.groups));
}

/// The words of the text, in a file beside the model; those of a forecast in one without a name.
Corpus encode(const CorpusText& text, const Languages& languages, const Plan& plan, const TrainArguments& options,
              Progress& progress) {
  if (options.dry_run) return encode_corpus(text, languages, plan.config, {}, &progress);
  try {
    return encode_corpus(text, languages, plan.config, ModelFolder(options.model).tokens, &progress);
  } catch (const Error&) {
    std::error_code ignored;
    std::filesystem::remove(options.model, ignored);  // if it was made for nothing
    throw;
  }
}

Material prepare(Plan& plan, const CorpusText& text, const TrainArguments& options, Progress& progress) {
  const WithoutInit without_init;  // of this model only the words are of use
  const std::unique_ptr<Translator> words =
      options.resume && has_begun(plan.runs.front().directory)
          ? load_words(plan.runs.front().directory, plan.config)
          : std::make_unique<Translator>(plan.config, learn_languages(text.train, language_options(plan.config)));
  std::vector<FolderLock> locks;
  if (!options.dry_run) locks = lock_folders(plan, options);
  Corpus corpus = encode(text, *words, plan, options, progress);
  make_paths_absolute(plan.config);
  progress.print(describe(*words, corpus));
  return {std::move(locks), {std::move(words->source), std::move(words->target)}, std::move(corpus)};
}

/// Why a training ended, and what helps.
const char* reason(Trainer::End end, const TrainConfig& config, const TrainState& state) {
  if (end == Trainer::End::Epochs) return "all epochs done; for more, --resume with more --epochs";
  if (end == Trainer::End::Time) return "time is up; to go on, --resume with more --max-minutes";
  if (config.schedule == Schedule::Plateau && state.learning_rate <= kPlateauFloor * config.learning_rate)
    return "validations gain nothing any more, and the learning rate has come to its floor: more steps will not help, "
           "but more "
           "text may, or a training with another --dropout or other sizes";
  return "validations gain nothing any more; to go on, --resume with more --patience";
}

/// Trains one model, from its beginning or from where it stopped, and returns its state; nothing if somebody
/// interrupted it.
std::optional<TrainState> train(TrainConfig config, const Run& run, const Languages& languages, const Corpus& corpus,
                                const TrainArguments& options, Leader& leader, Progress& progress) {
  config.seed = run.seed;
  // If not, what is there is replaced.
  const bool begun = (options.resume || options.seeds) && has_begun(run.directory);
  const std::unique_ptr<Translator> translator =
      begun ? load_words(run.directory, config) : std::make_unique<Translator>(config, languages);
  Trainer trainer(*translator, corpus, run.directory, progress, ranks());
  const TrainState& state = trainer.state();
  if (begun) {
    trainer.resume();
    if (options.resume) {
      progress.print(fmt::format("resumed     in epoch {} after batch {}", state.epoch + 1, state.batch));
    }
  } else {
    trainer.create();
  }
  if (options.resume) save_config(run.directory, config);  // with what it changes, now that the training can go on
  leader.begin(run.directory, ModelFolder(options.model).tokens, corpus);
  const Trainer::End end = trainer.run();
  leader.end();
  if (end == Trainer::End::Interrupted) {
    progress.print(fmt::format("interrupted in epoch {} after batch {}; go on with: gradus train --resume --model {}",
                               state.epoch + 1, state.batch, options.model));
    return {};
  }
  progress.print(reason(end, config, state));
  progress.print(fmt::format("{} holds the model of epoch {}, validation BLEU {:.2f}", run.directory, state.best_epoch,
                             state.best_bleu));
  return state;
}

/// Says how long the training would take, and how much memory.
void forecast(const Plan& plan, Material material, Progress& progress) {
  Translator translator(plan.config, std::move(material.languages));
  const Trainer::Forecast forecast =
      Trainer(translator, std::move(material.corpus), "", progress).forecast(kForecastSeconds);
  progress.print(fmt::format("forecast    {} for {} steps without validations, {:.0f} tok/s, {:.0f} MB of memory",
                             clock_text(forecast.seconds), forecast.steps, forecast.words_a_second,
                             static_cast<double>(peak_memory()) / 1e6));
}

int run(TrainArguments& options) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader of the progress that goes away is no reason to lose the training
  std::optional<Checking> checking;
  if (options.check) checking.emplace();
  const bool only_tells = options.print_config || options.dry_run;
  if (ranks().rank() > 0) return !only_tells && join_trainings(ranks()) ? kInterrupted : 0;
  std::optional<Leader> leader;
  if (!only_tells) leader.emplace(ranks());
  Progress progress;
  Plan plan = plan_trainings(options);
  Origins origins = options.config.origins();
  CorpusText text;
  if (!options.print_config || plan.config.toy || !plan.config.train.empty()) {
    text = load_text(plan.config);
    const TextFacts facts = text_facts(text.train);
    const bool is_open = !options.resume && !plan.config.toy && !options.config.has_preset();
    if (is_open) decide_by_text(facts, text.valid.source.size(), plan, origins, progress);
    if (!options.resume) decide_groups(plan.config, origins, progress);
    require_sense(plan.config);
    for (const std::string& warning : text_warnings(text, facts, plan.config)) progress.print("warning     " + warning);
  }
  if (options.print_config) {
    write_output(describe(plan.config, origins));
    return 0;
  }
  Material material = prepare(plan, text, options, progress);
  if (options.dry_run) {
    forecast(plan, std::move(material), progress);
    return 0;
  }

  const InterruptGuard interrupt;  // from here on Ctrl-C leaves something to resume, also between two runs
  make_folders(plan, material, options, progress);
  const size_t count = plan.runs.size();
  std::vector<std::string> folders;
  Measure bleu{"validation BLEU"};
  for (const Run& run : plan.runs) {
    folders.push_back(run.directory);
    if (count > 1) progress.print(fmt::format("\nseed {} ({} of {})", run.seed, folders.size(), count));
    const auto state = train(plan.config, run, material.languages, material.corpus, options, *leader, progress);
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
  const auto options = std::make_shared<TrainArguments>();
  Option model = model_option(options->model);
  model.required = false;  // of a training, not of what only tells what that would be
  return {.name = "train",
          .help = "Train a translator on sentences and their translations",
          .group = "Train and translate",
          .footer = kTrainExamples,
          .short_help = {{"Text", "train,valid,toy"},
                         {"Result", "model,force"},
                         {"Time", "max-minutes,epochs,threads,dry-run"},
                         {"Size", "preset,tokenizer,vocabulary-size,hidden"},
                         {"Going on", "resume,seeds"}},
          .options = joined(
              {{model,
                {.names = "--resume",
                 .target = &options->resume,
                 .help = "Go on with the training in the folder. What is not given stays as it was",
                 .excludes = "--force"},
                {.names = "--force",
                 .target = &options->force,
                 .help = "Replace a model that is in the folder already",
                 .excludes = "--resume"},
                {.names = "--seeds",
                 .target = &options->seeds,
                 .type = "N",
                 .help = "Train so many models, one after the other. Their seeds are --seed, --seed + 1 and so on, "
                         "their folders DIR/seed-1 and so on",
                 .range = {1, 1000}},
                {.names = "--check",
                 .target = &options->check,
                 .help = "Look for the op that begins with a NaN, or that has a mistake. Slower, with the same result"},
                {.names = "--print-config",
                 .target = &options->print_config,
                 .help = "Show the value of every option, and do nothing else. It says where each comes from: default, "
                         "preset, file, option, or the text"},
                {.names = "--dry-run",
                 .target = &options->dry_run,
                 .help = "Tell how long the training will take, and do not train. The text is read and the vocabulary "
                         "learned; memory is told, too",
                 .excludes = "--resume"}},
               options->config.options(true)}),
          .run = [options] { return run(*options); },
          .on_all_ranks = true};
}

}
