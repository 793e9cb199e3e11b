#include "nn/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace gradus::inline GRADUS_PRECISION {
namespace schedule {

namespace {
/// The part of the rate that a warm-up allows: 1 from step `warm_up` on.
double warmed_up(std::int64_t step, std::int64_t warm_up) {
  return step < warm_up ? static_cast<double>(step + 1) / static_cast<double>(warm_up + 1) : 1;
}
}

double step_decay(double rate, std::int64_t step, std::int64_t period, double factor) {
  const std::int64_t decays = step / period;
  return rate * std::pow(factor, static_cast<double>(decays));
}

double exponential(double rate, std::int64_t step, double factor) {
  return rate * std::pow(factor, static_cast<double>(step));
}

double constant(double rate, std::int64_t step, std::int64_t warm_up) { return rate * warmed_up(step, warm_up); }

double cosine(double rate, std::int64_t step, std::int64_t warm_up, std::int64_t total, double last_rate) {
  if (step < warm_up) return rate * warmed_up(step, warm_up);
  if (step >= total) return last_rate;
  const double done = static_cast<double>(step - warm_up) / static_cast<double>(total - warm_up);
  return last_rate + (rate - last_rate) * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

double inverse_sqrt(double rate, std::int64_t step, std::int64_t warm_up) {
  if (step < warm_up) return rate * warmed_up(step, warm_up);
  return rate * std::sqrt(static_cast<double>(warm_up + 1) / static_cast<double>(step + 1));
}

Plateau::Plateau(double rate, int patience, double factor, double last_rate)
    : rate_(rate),
      patience_(patience),
      factor_(factor),
      last_rate_(last_rate),
      best_(-std::numeric_limits<double>::infinity()) {}

double Plateau::update(double score) {
  if (score > best_) {
    best_ = score;
    waited_ = 0;
  } else if (++waited_ >= patience_) {
    rate_ = std::max(rate_ * factor_, last_rate_);
    waited_ = 0;
  }
  return rate_;
}

}
}
