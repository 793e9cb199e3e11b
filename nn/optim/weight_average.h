#pragma once

#include <cstdint>
#include <vector>

#include "nn/module.h"
#include "nn/state_dict.h"

namespace gradus::inline GRADUS_PRECISION {

class ThreadPool;

/// An exponential moving average of a model's weights (Polyak, Juditsky 1992), which often generalises better than the
/// weights of any one step:
///     mean += (1 - d_t) (value - mean)      d_t = min(decay, (1 + t) / (10 + t)), t = 0, 1, …
/// The smaller decay of the first steps lets the mean forget the random values of the beginning.
///
///     WeightAverage average(model.parameters(), 0.999);
///     optimizer.step(); average.update();  // after every step
///     const AverageInPlace average_in_place(&average);
///     validate(model);                     // with the average in place of the weights
class WeightAverage {
 public:
  /// Begins with the parameters' present values. `decay` is in [0, 1).
  WeightAverage(std::vector<Parameter*> parameters, double decay);

  /// Takes the parameters' values in. The result is the same to the bit for any number of threads.
  void update(ThreadPool* pool = nullptr);
  /// Exchanges the average with the parameters' values.
  void swap();

  /// How many updates there were: with `state`, all that is needed to go on.
  std::int64_t steps = 0;
  /// Views of the averages, named `decoder.cell.weight_hh.average`.
  std::vector<NamedArray> state();

 private:
  std::vector<Parameter*> parameters_;
  double decay_;
  std::vector<std::vector<Real>> means_;  // of each parameter
};

/// For as long as it lives the average is in the place of the weights, and they in its.
class AverageInPlace {
 public:
  /// `average` must outlive it; null for none, and nothing happens.
  explicit AverageInPlace(WeightAverage* average) : average_(average) { swap(); }
  ~AverageInPlace() { swap(); }
  AverageInPlace(const AverageInPlace&) = delete;
  AverageInPlace& operator=(const AverageInPlace&) = delete;

 private:
  void swap() {
    if (average_ != nullptr) average_->swap();
  }

  WeightAverage* average_;
};

}
