/// The training step of the reference model, on the same data and in batches of the same size as the PyTorch peer.
///
///     bench_train DIR [--attention bahdanau|luong|none] [--steps N] [--threads N] [--shards N] [--profile]
///
/// DIR holds train.de and train.en, one tokenised sentence a line. Prints
///     train: N target tok/s  M ms/step  peak RSS K MiB
/// and with --profile, before it, a table of where a step's time goes: in each op as the mean over the threads, and
/// between them.

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>

#include "autograd/inspect/observers.h"
#include "examples/translate/options/command_line.h"
#include "ops/gemm/blas.h"
#include "tests/bench/bench_data.h"
#include "tests/bench/training_step.h"

using namespace gradus;
using namespace gradus::bench;
using namespace gradus::translate;

namespace {

/// Seconds, of an op or another part of a step.
struct Spent {
  double forward = 0, backward = 0;
};
using Profile = std::map<std::string, Spent, std::less<>>;

/// What a shard's thread does.
struct ShardProfile {
  Profile ops;
  double last_event = 0;
};
thread_local ShardProfile* shard_profile = nullptr;

void observe(const char* op, Pass pass) {
  if (shard_profile == nullptr) return;
  auto& [ops, last_event] = *shard_profile;
  const double now = seconds();
  Spent& spent = ops[op];
  (pass == Pass::Forward ? spent.forward : spent.backward) += now - last_event;
  last_event = now;
}

void print(const Profile& profile, int steps) {
  const auto sum = [](const auto& row) { return row.second.forward + row.second.backward; };
  std::vector<std::pair<std::string, Spent>> rows(profile.begin(), profile.end());
  std::sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) { return sum(a) > sum(b); });
  double all = 0;
  for (const auto& row : rows) all += sum(row);
  fmt::print("| | forward, ms | backward, ms | share |\n|---|---|---|---|\n");
  for (const auto& row : rows) {
    const auto& [name, spent] = row;
    fmt::print("| {} | {:.2f} | {:.2f} | {:.1f} % |\n", name, spent.forward / steps * 1e3, spent.backward / steps * 1e3,
               100 * sum(row) / all);
  }
}

struct Arguments {
  std::string folder;
  AttentionKind attention = AttentionKind::Bahdanau;
  int steps = 60, threads = 2, shards = 2;
  bool profiling = false;
};

int run(const Arguments& arguments) {
  const auto& [folder, attention, steps, threads, shards, profiling] = arguments;
  const Data data = read_data(folder);
  ModelConfig config;
  config.attention = attention_named(attention);
  TrainingStep step(config.with_words(data.source_words, data.target_words), threads, shards);
  fmt::print("{}\n{} parameters, {} threads, {} shards\n", describe(blas_info()), step.model().parameter_count(),
             threads, shards);

  std::vector<ShardProfile> profiles(shards);
  const auto on_shard = [&](int shard) {
    shard_profile = profiling ? &profiles[shard] : nullptr;
    profiles[shard].last_event = seconds();
  };
  Profile total;
  std::size_t words = 0;
  double begin = 0;
  constexpr int kWarmUp = 5;
  for (int i = 0; i < kWarmUp + steps; ++i) {
    if (i == kWarmUp) {
      begin = seconds();
      if (profiling) set_op_observer(observe);
    }
    const std::span<const int> batch = data.batches[i % data.batches.size()];
    const TrainingStep::Times times = step.run(data.pairs, batch, on_shard);
    if (i < kWarmUp) continue;
    words += target_words(data.pairs, batch);
    double last = 0, waiting = 0;
    for (const ShardProfile& profile : profiles) last = std::max(last, profile.last_event);
    for (const ShardProfile& profile : profiles) waiting += (last - profile.last_event) / shards;
    total["*cutting and packing the batch*"].forward += times.shards - times.batches;
    total["*waiting for the other shards*"].backward += waiting;
    total["*weight gradients of all uses*"].backward += times.optimizer - last;
    total["*gradient norm, Adam*"].backward += times.end - times.optimizer;
  }
  const double took = seconds() - begin;
  if (profiling) {
    for (const ShardProfile& profile : profiles) {
      for (const auto& [op, spent] : profile.ops) {
        total[op].forward += spent.forward / threads;
        total[op].backward += spent.backward / threads;
      }
    }
    print(total, steps);
  }
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("train: {:.0f} target tok/s  {:.1f} ms/step  peak RSS {} MiB\n", words / took, took / steps * 1e3,
             usage.ru_maxrss / 1024);
  return 0;
}

}

int main(int argc, char** argv) {
  Arguments arguments;
  const auto program = [&]() -> Command {
    return {.name = "bench_train",
            .help = "The training step of the reference model.",
            .options = {{.names = "folder",
                         .target = &arguments.folder,
                         .help = "holds train.de and train.en",
                         .required = true},
                        {.names = "--attention", .target = &arguments.attention, .help = "of the decoder"},
                        {.names = "--steps", .target = &arguments.steps, .help = "to take the mean of"},
                        {.names = "--threads", .target = &arguments.threads, .help = "to run on"},
                        {.names = "--shards", .target = &arguments.shards, .help = "of a step"},
                        {.names = "--profile", .target = &arguments.profiling, .help = "print where the time goes"}},
            .run = [&] { return run(arguments); }};
  };
  return run_program(program, argc, argv);
}
