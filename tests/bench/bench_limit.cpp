/// The products of matrices in the reference model's training step, and nothing else: the same shapes as bench_train's,
/// from the same batches, cut into the same shards, so that step / limit is a figure of one run.
///
///     bench_limit DIR [--attention bahdanau|luong] [--steps N] [--threads N] [--shards N]
///
/// Each product runs on the fastest kernel that Gradus has for it: BLAS, or for the few rows of a recurrent step a
/// packed weight. Weight gradients are one product over all time steps of a shard. Prints
///     limit: M ms/step  N GFLOP/s

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "autograd/scratch.h"
#include "examples/translate/config/model_config.h"
#include "examples/translate/model/batch.h"
#include "examples/translate/options/command_line.h"
#include "ops/gemm/blas.h"
#include "ops/gemm/packed_matrix.h"
#include "ops/gemm/thread_pool.h"
#include "ops/sequence/packing.h"
#include "tests/bench/bench_data.h"

using namespace gradus;
using namespace gradus::bench;
using namespace gradus::translate;

namespace {

/// A weight (out, in), and in which rows of a shard it is used: all at once, or step by step.
struct Use {
  int in, out;
  enum Rows { Sources, SourceSteps, Targets, TargetSteps, Sentences } rows;
};

std::vector<Use> uses_of(const ModelConfig& config) {
  const int E = config.embedding, H = config.hidden, A = config.attention_size;
  std::vector<Use> uses;
  for (int direction = 0; direction < 2; ++direction) {
    uses.push_back({E, 2 * H, Use::Sources});
    uses.push_back({H / 2, 2 * H, Use::SourceSteps});
  }
  for (int bridge = 0; bridge < 2; ++bridge) uses.push_back({H, H, Use::Sentences});
  uses.push_back({E, 4 * H, Use::Targets});
  for (int input = 0; input < 2; ++input) uses.push_back({H, 4 * H, Use::TargetSteps});  // the context and the state
  if (config.attention.kind() == AttentionKind::Bahdanau) {
    uses.insert(uses.end(), {{H, A, Use::Sources}, {H, A, Use::TargetSteps}, {2 * H + E, E, Use::Targets}});
  } else {
    uses.insert(uses.end(), {{H, H, Use::Sources}, {2 * H, H, Use::TargetSteps}, {H, E, Use::Targets}});
  }
  uses.push_back({E, config.target_words, Use::Targets});
  return uses;
}

/// How many rows each product of the use has in this shard.
std::vector<int> rows_of(const Use& use, const Batch& batch) {
  const Tape tape(Tape::Inference);
  const bool source = use.rows == Use::Sources || use.rows == Use::SourceSteps;
  const Packing packing(source ? batch.source_lengths : batch.target_lengths);
  if (use.rows == Use::Sentences) return {packing.batch()};
  if (use.rows == Use::Sources || use.rows == Use::Targets) return {packing.rows()};
  std::vector<int> rows;
  for (int t = 0; t < packing.steps(); ++t) rows.push_back(packing.alive(t));
  return rows;
}

/// Memory for the operands: fresh for every product, as in a real step, from a range much larger than the caches.
class Operands {
 public:
  Real* take(std::size_t count) {
    if (position_ + count > memory_.size()) position_ = 0;
    position_ += count;
    return &memory_[position_ - count];
  }

 private:
  std::vector<Real> memory_ = std::vector<Real>(std::size_t{1} << 26, Real(0.01));
  std::size_t position_ = 0;
};

/// y = x Wᵀ and dx = dy W for all rows; and where the two factors of dW stand.
void forward_and_backward(const Use& use, const std::vector<int>& rows, const Real* weight, Operands& operands) {
  const auto [in, out, _] = use;
  if (rows.size() == 1) {
    gemm(N, T, rows[0], out, in, 1, operands.take(std::size_t(rows[0]) * in), in, weight, in, 0,
         operands.take(std::size_t(rows[0]) * out), out);
    gemm(N, N, rows[0], in, out, 1, operands.take(std::size_t(rows[0]) * out), out, weight, in, 0,
         operands.take(std::size_t(rows[0]) * in), in);
    return;
  }
  Scratch scratch;
  const PackedMatrix forward(T, in, out, weight, in, scratch), backward(N, out, in, weight, in, scratch);
  for (int n : rows) forward.add_product(n, operands.take(n * in), in, operands.take(n * out), out);
  for (int n : rows) backward.add_product(n, operands.take(n * out), out, operands.take(n * in), in);
}

struct Arguments {
  std::string folder;
  AttentionKind attention = AttentionKind::Bahdanau;
  int steps = 60, threads = 2, shards = 2;
};

int run(const Arguments& arguments) {
  const auto& [folder, attention, steps, threads, shards] = arguments;
  const Data data = read_data(folder);
  ModelConfig config;
  config.attention = attention_named(attention);
  const std::vector<Use> uses = uses_of(config.with_words(data.source_words, data.target_words));
  std::vector<std::vector<Real>> weights, gradients;
  for (const Use& use : uses) {
    weights.emplace_back(std::size_t(use.in) * use.out, Real(0.01));
    gradients.emplace_back(std::size_t(use.in) * use.out);
  }
  ThreadPool pool(threads);
  std::vector<Operands> operands(std::max(shards, threads));

  double took = 0, flops = 0;
  constexpr int kWarmUp = 5;
  for (int step = 0; step < kWarmUp + steps; ++step) {
    const auto cut = cut_shards(data.pairs, data.batches[step % data.batches.size()], shards);
    std::vector<std::vector<std::vector<int>>> rows(shards);  // of each shard, use and product
    std::vector<std::vector<int>> all_rows(uses.size());      // of each use: the rows of each shard
    for (int shard = 0; shard < shards; ++shard) {
      const Batch batch = make_batch(data.pairs, cut[shard]);
      for (std::size_t i = 0; i < uses.size(); ++i) {
        rows[shard].push_back(rows_of(uses[i], batch));
        all_rows[i].push_back(std::accumulate(rows[shard].back().begin(), rows[shard].back().end(), 0));
      }
    }
    const double begin = seconds();
    pool.run(shards, [&](int shard) {
      for (std::size_t i = 0; i < uses.size(); ++i) {
        forward_and_backward(uses[i], rows[shard][i], weights[i].data(), operands[shard]);
      }
    });
    // dW += dyᵀ x: each thread computes its part of the rows of every dW.
    pool.run(threads, [&](int thread) {
      for (std::size_t i = 0; i < uses.size(); ++i) {
        const auto [in, out, _] = uses[i];
        const int first = out * thread / threads, last = out * (thread + 1) / threads;
        for (int n : all_rows[i]) {
          gemm(T, N, last - first, in, n, 1, operands[thread].take(std::size_t(n) * out), out,
               operands[thread].take(std::size_t(n) * in), in, 1, &gradients[i][std::size_t(first) * in], in);
        }
      }
    });
    if (step < kWarmUp) continue;
    took += seconds() - begin;
    for (std::size_t i = 0; i < uses.size(); ++i) {
      const double n = std::accumulate(all_rows[i].begin(), all_rows[i].end(), 0);
      flops += 3 * 2.0 * n * uses[i].in * uses[i].out;
    }
  }
  fmt::print("{}\n", describe(blas_info()));
  fmt::print("limit: {:.1f} ms/step  {:.0f} GFLOP/s\n", took / steps * 1e3, flops / took * 1e-9);
  return 0;
}

}

int main(int argc, char** argv) {
  static constexpr std::array kAttention{"bahdanau", "luong"};
  Arguments arguments;
  const auto program = [&]() -> Command {
    return {
        .name = "bench_limit",
        .help = "The products of the reference model's training step.",
        .options =
            {{.names = "folder", .target = &arguments.folder, .help = "holds train.de and train.en", .required = true},
             {.names = "--attention", .target = &arguments.attention, .help = "of the decoder", .choices = kAttention},
             {.names = "--steps", .target = &arguments.steps, .help = "to take the mean of"},
             {.names = "--threads", .target = &arguments.threads, .help = "to run on"},
             {.names = "--shards", .target = &arguments.shards, .help = "of a step"}},
        .run = [&] { return run(arguments); }};
  };
  return run_program(program, argc, argv);
}
