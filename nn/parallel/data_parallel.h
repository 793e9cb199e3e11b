#pragma once

#include <optional>
#include <vector>

#include "autograd/tape.h"
#include "nn/module.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::inline GRADUS_PRECISION {

/// A training step whose batch is split into shards, each of which runs forward and backward on a tape of its own, on
/// one thread. No kernel has to be parallel, and the elementwise work scales as the products do.
///
///     DataParallel parallel(model, 2, 2);
///     double loss = parallel.step(seed, [&](int shard) { return model.loss(batches[shard]); });
///     optimizer.step({.zero_grads = true, .pool = &parallel.pool()});
///
/// The result depends on the number of shards, since it decides the order of additions, but to the bit not on the
/// number of threads.
class DataParallel {
 public:
  /// `model` must outlive this and keep its parameters. Thread w computes the shards w, w + threads, … .
  DataParallel(Module& model, int threads, int shards);

  int shards() const { return static_cast<int>(tapes_.size()); }  ///< that of the constructor
  ThreadPool& pool() { return pool_; }                            ///< its threads, for other work between steps

  /// Calls loss(0), …, loss(shards - 1), each with a tape active, adds the gradients of the sum of these losses to the
  /// parameters, and returns that sum. A shard without work returns an empty handle. `seed` is that of the dropout.
  ///
  /// `loss` must only read what the shards share; parameters may be used by all. If it throws in a shard, the other
  /// threads finish, the gradients stay as they were before the step, and the exception is thrown here.
  double step(std::uint64_t seed, FunctionRef<Tensor(int shard)> loss);

 private:
  /// Rows of a parameter that are gathered in one piece of work.
  struct Rows {
    Parameter* parameter;
    int begin, end;
  };

  void run_shard(int shard, std::uint64_t seed, FunctionRef<Tensor(int shard)> loss);
  void gather();
  void end_tapes();

  ThreadPool pool_;
  std::vector<Parameter*> parameters_;
  Arena packed_;  // of the weights, for all shards of a step
  std::vector<Rows> rows_;
  std::vector<std::optional<Tape>> tapes_;  // of each shard, used on that shard's thread only
  std::vector<const Tape*> tape_pointers_;
  std::vector<double> losses_;
};

}
