#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "examples/translate/options/config_options.h"

namespace gradus::translate {

/// The command line of `gradus train`.
struct TrainArguments {
  ConfigOptions config;
  std::string model;
  std::optional<int> seeds;  // models to train; without it a single one, in the folder itself
  bool resume = false, force = false, check = false;
  bool print_config = false, dry_run = false;
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

/// What the arguments ask for. Throws Error or UsageError for what makes no sense, and if the folder holds what a new
/// training would mix with or, without --force, replace.
Plan plan_trainings(TrainArguments& arguments);

/// Throws Error if a folder holds what a new training would mix with or, without --force, replace, though something
/// would be lost with it.
void require_room(const TrainArguments& arguments, const Plan& plan);

/// Throws Error or UsageError for a configuration that contradicts itself.
void require_sense(const TrainConfig& config);

}
