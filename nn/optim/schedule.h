#pragma once

#include <cstdint>

#include "autograd/real.h"

/// Learning rates that change as training goes on: functions of a step (or epoch), counted from 0. A setting out of its
/// range is an error: rates and steps are 0 or more, factors above 0 and, where the
/// rate falls, at most 1, periods and patience 1 or more.
///
///     adam.learning_rate = schedule::cosine(1e-3, adam.steps, 4000, 100000);

namespace gradus::inline GRADUS_PRECISION {
namespace schedule {

/// Multiplied by `factor` every `period` steps.
double step_decay(double rate, std::int64_t step, std::int64_t period, double factor);

/// Multiplied by `factor` at every step: rate · factorˢᵗᵉᵖ.
double exponential(double rate, std::int64_t step, double factor);

/// Rises evenly to `rate` over the first `warm_up` steps, reaches it at step `warm_up`, and stays there. It begins at
/// rate / (warm_up + 1), since a step with rate 0 would be wasted; so do the two below.
double constant(double rate, std::int64_t step, std::int64_t warm_up);

/// Rises evenly to `rate` over the first `warm_up` steps, reaches it at step `warm_up`, and falls along half a cosine
/// to `last_rate` at step `total`, where it stays (Loshchilov, Hutter 2017, eq. 5, without restarts).
double cosine(double rate, std::int64_t step, std::int64_t warm_up, std::int64_t total, double last_rate = 0);

/// Rises evenly to `rate`, reaches it at step `warm_up`, and falls as 1/√step from there (Vaswani et al. 2017, eq. 3).
double inverse_sqrt(double rate, std::int64_t step, std::int64_t warm_up);

/// Lowers the rate when a score has stopped rising.
class Plateau {
 public:
  /// The rate is multiplied by `factor` whenever `patience` scores in a row were no better than the best before them,
  /// and does not fall below `last_rate`.
  explicit Plateau(double rate, int patience = 1, double factor = 0.5, double last_rate = 0);

  /// Takes the next score (higher is better) and returns the rate from now on.
  double update(double score);
  double rate() const { return rate_; }  ///< as it is now

 private:
  double rate_;
  int patience_;
  double factor_, last_rate_;
  double best_;
  int waited_ = 0;
};

}
}
