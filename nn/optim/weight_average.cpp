#include "nn/optim/weight_average.h"

#include <algorithm>
#include <utility>

#include "nn/optim/optimizer_kernels.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::inline GRADUS_PRECISION {

WeightAverage::WeightAverage(std::vector<Parameter*> parameters, double decay)
    : parameters_(std::move(parameters)), decay_(decay) {
  if (!(decay >= 0 && decay < 1)) fail("weight average: the decay is {}; need 0 <= decay < 1", decay);
  for (const Parameter* parameter : parameters_) {
    means_.emplace_back(parameter->value().begin(), parameter->value().end());
  }
}

void WeightAverage::update(ThreadPool* pool) {
  const auto t = static_cast<double>(steps++);
  const auto share = static_cast<Real>(1 - std::min(decay_, (1 + t) / (10 + t)));
  run_parallel(pool, static_cast<int>(parameters_.size()), [&](int i) {
    kernels::move_towards(share, parameters_[i]->value().data, means_[i].data(), means_[i].size());
  });
}

void WeightAverage::swap() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    std::swap_ranges(means_[i].begin(), means_[i].end(), parameters_[i]->value().begin());
  }
}

std::vector<NamedArray> WeightAverage::state() {
  std::vector<NamedArray> result;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    result.push_back({parameters_[i]->name() + ".average", Array{means_[i].data(), parameters_[i]->shape()}});
  }
  return result;
}

}
