#include "examples/translate/search/hypothesis.h"

#include <algorithm>
#include <cmath>

namespace gradus::translate {

LengthLimits length_limits(const SearchOptions& options, int source_words) {
  const auto scaled = [&](double ratio) { return std::ceil(std::min(ratio * source_words, 1e9)); };
  LengthLimits limits{options.min_length, options.longest()};
  if (options.max_length_ratio > 0) {
    limits.max = std::max(1, std::min(limits.max, static_cast<int>(scaled(options.max_length_ratio))));
  }
  limits.min = std::min(limits.max, std::max(limits.min, static_cast<int>(scaled(options.min_length_ratio))));
  return limits;
}

double length_penalty(const SearchOptions& options, int length) {
  const double base = options.length_penalty == LengthPenalty::Wu ? (5.0 + length) / 6.0 : length;
  return std::pow(base, options.length_power);
}

double coverage(std::span<const Real> attention, int source_length) {
  constexpr double kFloor = 1e-9;
  double result = 0;
  for (int j = 0; j + 1 < source_length; ++j) {
    double attended = 0;
    for (std::size_t i = j; i < attention.size(); i += source_length) attended += static_cast<double>(attention[i]);
    result += std::log(std::clamp(attended, kFloor, 1.0));
  }
  return result;
}

double final_score(const SearchOptions& options, const Hypothesis& ended, int source_length) {
  const int length = static_cast<int>(ended.words.size()) + 1;
  const double score = ended.log_probability / length_penalty(options, length);
  if (options.coverage_penalty == 0) return score;
  return score + options.coverage_penalty * coverage(ended.attention, source_length);
}

double best_possible_score(const SearchOptions& options, const Hypothesis& open, const LengthLimits& limits) {
  return open.log_probability / length_penalty(options, limits.max + 1);
}

}
