/// The training step of the reference model, on the same data and in batches of the same size as the PyTorch peer.
///
///     bench_train DIR [--attention bahdanau|luong|none] [--steps N] [--threads N] [--shards N]
///
/// DIR holds train.de and train.en, one tokenised sentence a line. Prints
///     train: N target tok/s  M ms/step  peak RSS K MiB

#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <map>

#include "examples/translate/corpus.h"
#include "examples/translate/model.h"
#include "examples/translate/text.h"
#include "nn/data_parallel.h"
#include "nn/optimizer.h"
#include "ops/blas.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

std::vector<std::vector<std::string>> read_words(const std::string& path) {
  std::vector<std::vector<std::string>> sentences;
  for (const std::string& line : read_lines(path)) sentences.push_back(words_of(line, TrainConfig()));
  return sentences;
}

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}

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

  const auto sources = read_words(folder + "/train.de"), targets = read_words(folder + "/train.en");
  const Vocabulary source_words = Vocabulary::build(sources, 2), target_words = Vocabulary::build(targets, 2);
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    pairs.push_back({source_words.encode(sources[i]), target_words.encode(targets[i])});
  }

  Seq2Seq model({.attention = attention,
                 .source_words = static_cast<int>(source_words.size()),
                 .target_words = static_cast<int>(target_words.size())});
  fmt::print("{}\n{} parameters, {} threads, {} shards\n", describe(blas_info()), model.parameter_count(), threads,
             shards);
  const std::vector<Parameter*> parameters = model.parameters();
  Adam adam(parameters, {.learning_rate = 1e-3});
  DataParallel parallel(model, threads, shards);

  const auto batches = deal_batches(pairs, 64, 1);
  std::vector<Batch> parts(shards);
  std::size_t words = 0;
  double begin = seconds();
  constexpr int kWarmUp = 5;
  for (int step = 0; step < kWarmUp + steps; ++step) {
    if (step == kWarmUp) begin = seconds(), words = 0;
    const std::vector<int>& batch = batches[step % batches.size()];
    const auto cut = cut_shards(pairs, batch, shards);
    std::size_t divisor = 0;
    for (int i : batch) divisor += pairs[i].target.size();
    for (int i = 0; i < shards; ++i) parts[i] = make_batch(pairs, cut[i]);
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
