#include "nn/parallel/data_parallel.h"

#include <algorithm>
#include <numeric>

#include "autograd/gather.h"
#include "nn/rng.h"
#include "ops/gemm/packed_weights.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// Small enough for the pieces to be spread evenly, large enough for a product to run at full speed.
constexpr std::size_t kNumbersPerPiece = std::size_t{1} << 17;

}

DataParallel::DataParallel(Module& model, int threads, int shards)
    : pool_(threads),
      parameters_(model.parameters()),
      tapes_(std::max(shards, 0)),
      tape_pointers_(tapes_.size()),
      losses_(tapes_.size()) {
  if (shards < 1) fail("data parallel: {} shards; need at least one", shards);
  // The pieces depend on shapes alone. If they depended on the number of threads, so might the last bits of a product.
  for (Parameter* parameter : parameters_) {
    const std::size_t row_size = std::max<std::size_t>(parameter->row_size(), 1);
    const int step = static_cast<int>(std::max<std::size_t>(kNumbersPerPiece / row_size, 1));
    for (int begin = 0; begin < parameter->rows(); begin += step) {
      rows_.push_back({parameter, begin, std::min(begin + step, parameter->rows())});
    }
  }
}

double DataParallel::step(std::uint64_t seed, FunctionRef<Tensor(int shard)> loss) {
  const struct TapesEnd {
    DataParallel& parallel;
    ~TapesEnd() { parallel.end_tapes(); }
  } tapes_end{*this};
  PackedWeights packed(packed_);
  packed.hold(parameters_);
  std::fill(losses_.begin(), losses_.end(), 0.0);
  pool_.run(shards(), [&](int shard) { run_shard(shard, seed, loss); });
  gather();
  return std::accumulate(losses_.begin(), losses_.end(), 0.0);
}

void DataParallel::run_shard(int shard, std::uint64_t seed, FunctionRef<Tensor(int shard)> loss) {
  Tape& tape = tapes_[shard].emplace(Tape::Record, derive_seed(seed, shard));
  tape_pointers_[shard] = &tape;
  const Tensor result = loss(shard);
  if (!result) return;
  sweep(tape, result);
  losses_[shard] = result.item();
}

void DataParallel::gather() {
  pool_.run_balanced(static_cast<int>(rows_.size()), [&](int i) {
    const auto [parameter, begin, end] = rows_[i];
    if (!parameter->frozen) gradus::gather(*parameter, tape_pointers_, begin, end);
  });
}

void DataParallel::end_tapes() {
  // Tapes end on the thread of their beginning, the last one first.
  pool_.run(pool_.threads(), [&](int thread) {
    const int last = shards() - 1;
    for (int shard = last - (last - thread + pool_.threads()) % pool_.threads(); shard >= 0; shard -= pool_.threads()) {
      tapes_[shard].reset();
    }
  });
}

}
