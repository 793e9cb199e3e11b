#pragma once

#include <span>
#include <vector>

#include "examples/translate/model/model.h"
#include "nn/optim/optimizer.h"
#include "nn/parallel/data_parallel.h"

namespace gradus::bench {

/// The training step that the benchmarks measure: label smoothing 0.1, gradients clipped at norm 1, Adam.
class TrainingStep {
 public:
  TrainingStep(const translate::ModelConfig& config, int threads, int shards);

  /// When the parts of a step began, and when the last one ended.
  struct Times {
    double batches, shards, optimizer, end;
  };
  /// Called on a shard's thread before its forward pass.
  using OnShard = FunctionRef<void(int shard)>;
  Times run(
      translate::Pairs pairs, std::span<const int> batch, OnShard on_shard = [](int) {});

  translate::Seq2Seq& model() { return model_; }

 private:
  translate::Seq2Seq model_;
  std::vector<Parameter*> parameters_;
  Adam adam_;
  DataParallel parallel_;
  std::vector<translate::Batch> parts_;
  std::uint64_t steps_ = 0;
};

/// How many words the targets of a batch have, </s> included.
std::size_t target_words(translate::Pairs pairs, std::span<const int> batch);

}
