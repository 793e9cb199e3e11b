/// The training step of the reference model, on the same data and in batches of the same size as the PyTorch peer.
///
///     bench_train DIR [--attention bahdanau|luong|none] [--steps N] [--threads N] [--shards N]
///
/// DIR holds train.de and train.en, one tokenised sentence a line. Prints
///     train: N target tok/s  M ms/step  peak RSS K MiB

#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <map>

#include "examples/translate/model.h"
#include "nn/data_parallel.h"
#include "nn/optimizer.h"
#include "ops/blas.h"
#include "tests/bench/bench_data.h"

using namespace gradus;
using namespace gradus::bench;
using namespace gradus::translate;

int main(int argc, char** argv) try {
  std::string folder;
  AttentionKind attention = AttentionKind::Bahdanau;
  int steps = 60, threads = 2, shards = 2;
  CLI::App app("The training step of the reference model.");
  app.add_option("folder", folder, "holds train.de and train.en")->required();
  const std::map<std::string, AttentionKind> kinds{
      {"bahdanau", AttentionKind::Bahdanau}, {"luong", AttentionKind::Luong}, {"none", AttentionKind::None}};
  app.add_option("--attention", attention)->transform(CLI::CheckedTransformer(kinds));
  app.add_option("--steps", steps);
  app.add_option("--threads", threads);
  app.add_option("--shards", shards);
  CLI11_PARSE(app, argc, argv);

  const Data data = read_data(folder);
  Seq2Seq model({.attention = attention, .source_words = data.source_words, .target_words = data.target_words});
  fmt::print("{}\n{} parameters, {} threads, {} shards\n", describe(blas_info()), model.parameter_count(), threads,
             shards);
  const std::vector<Parameter*> parameters = model.parameters();
  Adam adam(parameters, {.learning_rate = 1e-3});
  DataParallel parallel(model, threads, shards);

  std::vector<Batch> parts(shards);
  std::size_t words = 0;
  double begin = seconds();
  constexpr int kWarmUp = 5;
  for (int step = 0; step < kWarmUp + steps; ++step) {
    if (step == kWarmUp) begin = seconds(), words = 0;
    const std::vector<int>& batch = data.batches[step % data.batches.size()];
    const auto cut = cut_shards(data.pairs, batch, shards);
    std::size_t divisor = 0;
    for (int i : batch) divisor += data.pairs[i].target.size();
    for (int i = 0; i < shards; ++i) parts[i] = make_batch(data.pairs, cut[i]);
    parallel.step(step, [&](int i) {
      return parts[i].size() == 0 ? Tensor() : model.loss(parts[i], Real(0.1), static_cast<Real>(divisor));
    });
    const double norm = grad_norm(parameters, &parallel.pool());
    adam.step({.grad_scale = clip_factor(norm, 1), .zero_grads = true, .pool = &parallel.pool()});
    words += divisor;
  }
  const double took = seconds() - begin;
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("train: {:.0f} target tok/s  {:.1f} ms/step  peak RSS {} MiB\n", words / took, took / steps * 1e3,
             usage.ru_maxrss / 1024);
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_train: {}\n", error.what());
  return 1;
}
