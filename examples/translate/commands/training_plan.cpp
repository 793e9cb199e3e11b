#include "examples/translate/commands/training_plan.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "autograd/error.h"
#include "examples/translate/base/usage_error.h"
#include "examples/translate/config/config.h"
#include "examples/translate/data/corpus.h"
#include "examples/translate/translator/model_folder.h"

namespace gradus::translate {

namespace {

/// Throws UsageError unless there is one text to learn.
void require_text(const TrainConfig& config) {
  if (config.toy) {
    if (!config.train.empty() || !config.valid.empty())
      throw UsageError("train: --toy brings its own text; leave out --train and --valid");
    if (config.tokenizer != TokenizerKind::Whitespace || config.joint)
      throw UsageError("train: --toy brings its own words; leave out --tokenizer and --joint");
    return;
  }
  if (config.train.empty()) throw UsageError("train: --train SRC TGT is missing (or --toy, for the built-in language)");
}

Plan plan_new(TrainArguments& options) {
  Plan plan{options.config.resolve(), {}};
  if (options.print_config && plan.config.train.empty()) return plan;
  require_text(plan.config);
  require_files(plan.config);
  if (options.print_config || options.dry_run) return plan;  // nothing is written
  if (!options.seeds) plan.runs.push_back({plan.config.seed, options.model});
  for (int i = 0; i < options.seeds.value_or(0); ++i) {
    const std::uint64_t seed = plan.config.seed + static_cast<std::uint64_t>(i);
    if (seed < plan.config.seed)
      throw UsageError(
          fmt::format("train: --seeds {}: there are not so many from --seed {} on", *options.seeds, plan.config.seed));
    plan.runs.push_back({seed, seed_folder(options.model, seed)});
  }
  require_room(options, plan);
  return plan;
}

/// The configuration of a training that goes on. That of an older program names its text relative to where it began.
TrainConfig resumed_config(TrainArguments& options, const std::string& directory) {
  const ModelFolder folder(directory);
  const TrainConfig config = options.config.resume(load_config(directory), folder.config);
  if (folder.has(folder.best) && !folder.has(folder.last))
    fail("{}: missing; without it no training can be resumed", folder.last);
  require_text(config);
  require_files(config, fmt::format("; looked for it from {}; --train and --valid name another place",
                                    std::filesystem::current_path().string()));
  return config;
}

/// Throws Error unless the trainings of these seeds are one recipe. They are not where --force replaced some of them
/// when the machine stopped.
void require_one_recipe(const TrainArguments& options, const std::vector<std::uint64_t>& seeds) {
  const std::string first_folder = seed_folder(options.model, seeds.front());
  TrainConfig first = load_config(first_folder);
  const std::vector<ConfigField> fields = first.fields();
  for (const std::uint64_t seed : seeds) {
    const std::string folder = seed_folder(options.model, seed);
    TrainConfig config = load_config(folder);
    const std::vector<ConfigField> others = config.fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (std::string_view(fields[i].key) == "seed" || !fields[i].rules.lasting || fields[i].equals(others[i]))
        continue;
      fail(
          "train: {} and {} are not of one training, their {} differs; to replace both, the command of the new one "
          "once more, with --force",
          first_folder, folder, fields[i].option());
    }
  }
}

/// The trainings that were begun, and with more --seeds new ones after them.
Plan plan_resumed(TrainArguments& options) {
  std::vector<std::uint64_t> seeds = seeds_in(options.model);
  const auto wanted = static_cast<size_t>(options.seeds.value_or(0));
  if (holds_model(options.model) || seeds.empty()) {
    const TrainConfig config = resumed_config(options, options.model);
    if (wanted > 0) fail("train: --seeds: {} holds a single model, not those of several seeds", options.model);
    return {config, {{config.seed, options.model}}};
  }
  if (wanted > 0 && wanted < seeds.size())
    fail("train: --seeds: {} is less than the {} that {} holds", wanted, seeds.size(), options.model);
  require_one_recipe(options, seeds);
  Plan plan{resumed_config(options, seed_folder(options.model, seeds.front())), {}};
  while (seeds.size() < wanted) seeds.push_back(seeds.back() + 1);
  for (const std::uint64_t seed : seeds) plan.runs.push_back({seed, seed_folder(options.model, seed)});
  return plan;
}

}

void require_room(const TrainArguments& options, const Plan& plan) {
  if (options.resume) return;
  const bool several = options.seeds.has_value(), holds_one = holds_model(options.model);
  const std::vector<std::uint64_t> seeds = seeds_in(options.model);
  if (several && holds_one)
    fail("train: {} holds a model itself; those of several seeds need another folder", options.model);
  if (!several && !seeds.empty())
    fail("train: {} holds the models of several seeds; a single one needs another folder", options.model);
  if (options.force) return;
  if (std::ranges::any_of(seeds, [&](std::uint64_t seed) { return holds_work(seed_folder(options.model, seed)); }))
    fail("train: {} holds models already; --resume goes on with their training, --force replaces them", options.model);
  if (holds_one && holds_work(options.model))
    fail("train: {} holds a model already; --resume goes on with its training, --force replaces it", options.model);
  for (const Run& run : plan.runs) require_no_work("train", run.directory);
}

void require_sense(const TrainConfig& config) {
  config.check_architecture();
  if (config.tied_embeddings == TiedEmbeddings::All && !config.joint)
    throw UsageError("train: --tied-embeddings all needs --joint, one vocabulary for both languages");
}

Plan plan_trainings(TrainArguments& arguments) {
  if (arguments.model.empty() && !arguments.print_config && !arguments.dry_run) throw UsageError("--model is required");
  return arguments.resume ? plan_resumed(arguments) : plan_new(arguments);
}

}
