#include "nn/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "nn/optim/settings.h"

namespace gradus::inline GRADUS_PRECISION {
namespace schedule {

namespace {
// Settings that a schedule cannot have, NaN included.
using detail::require_not_negative;
void require_steps(const char* schedule, const char* name, std::int64_t steps, std::int64_t least) {
  if (steps < least) fail("{}: bad {}: {}; need {} or more", schedule, name, steps, least);
}

/// The part of the rate that a warm-up allows: 1 from step `warm_up` on.
double warmed_up(std::int64_t step, std::int64_t warm_up) {
  return step < warm_up ? static_cast<double>(step + 1) / static_cast<double>(warm_up + 1) : 1;
}

void require_warm_up(const char* schedule, double rate, std::int64_t step, std::int64_t warm_up) {
  require_not_negative(schedule, "rate", rate);
  require_steps(schedule, "step", step, 0);
  require_steps(schedule, "warm_up", warm_up, 0);
}
}

double step_decay(double rate, std::int64_t step, std::int64_t period, double factor) {
  require_not_negative("step_decay", "rate", rate);
  require_steps("step_decay", "step", step, 0);
  require_steps("step_decay", "period", period, 1);
  if (!(factor > 0 && factor <= 1)) fail("step_decay: bad factor: {}; need 0 < factor <= 1", factor);
  const std::int64_t decays = step / period;
  return rate * std::pow(factor, static_cast<double>(decays));
}

double exponential(double rate, std::int64_t step, double factor) {
  require_not_negative("exponential", "rate", rate);
  require_steps("exponential", "step", step, 0);
  if (!(factor > 0 && std::isfinite(factor))) fail("exponential: bad factor: {}; need more than 0", factor);
  return rate * std::pow(factor, static_cast<double>(step));
}

double constant(double rate, std::int64_t step, std::int64_t warm_up) {
  require_warm_up("constant", rate, step, warm_up);
  return rate * warmed_up(step, warm_up);
}

double cosine(double rate, std::int64_t step, std::int64_t warm_up, std::int64_t total, double last_rate) {
  require_warm_up("cosine", rate, step, warm_up);
  require_not_negative("cosine", "last_rate", last_rate);
  require_steps("cosine", "total", total, 0);
  if (step < warm_up) return rate * warmed_up(step, warm_up);
  if (step >= total) return last_rate;
  const double done = static_cast<double>(step - warm_up) / static_cast<double>(total - warm_up);
  return last_rate + (rate - last_rate) * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

double inverse_sqrt(double rate, std::int64_t step, std::int64_t warm_up) {
  require_warm_up("inverse_sqrt", rate, step, warm_up);
  if (step < warm_up) return rate * warmed_up(step, warm_up);
  return rate * std::sqrt(static_cast<double>(warm_up + 1) / static_cast<double>(step + 1));
}

Plateau::Plateau(double rate, int patience, double factor, double last_rate)
    : rate_(rate),
      patience_(patience),
      factor_(factor),
      last_rate_(last_rate),
      best_(-std::numeric_limits<double>::infinity()) {
  require_not_negative("plateau", "rate", rate);
  require_steps("plateau", "patience", patience, 1);
  if (!(factor > 0 && factor < 1)) fail("plateau: bad factor: {}; need 0 < factor < 1", factor);
  require_not_negative("plateau", "last_rate", last_rate);
}

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
