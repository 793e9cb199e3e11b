#include "examples/translate/metrics/significance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/error.h"
#include "nn/rng.h"

namespace gradus::translate {

namespace {

void add_to(std::vector<double>& sums, std::span<const double> segment) {
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += segment[i];
}

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::vector<bool> toss_coins(size_t count, Rng& rng) {
  std::vector<bool> coins(count);
  std::uint64_t bits = 0;
  for (size_t i = 0; i < count; ++i, bits >>= 1) {
    if (i % 64 == 0) bits = rng.next();
    coins[i] = bits & 1;
  }
  return coins;
}

}

std::vector<size_t> resample(size_t segments, std::uint64_t seed, std::uint64_t number) {
  Rng rng(derive_seed(seed, number));
  std::vector<size_t> drawn(segments);
  for (size_t& segment : drawn) segment = rng.below(segments);
  return drawn;
}

double resampled_score(const Metric& metric, const SegmentStatistics& statistics, std::span<const size_t> segments) {
  std::vector<double> sums(statistics.width());
  for (const size_t segment : segments) add_to(sums, statistics[segment]);
  return metric.score(sums);
}

std::vector<double> bootstrap_scores(const Metric& metric, const SegmentStatistics& statistics, size_t samples,
                                     std::uint64_t seed) {
  std::vector<double> scores;
  for (size_t i = 0; i < samples; ++i) {
    scores.push_back(resampled_score(metric, statistics, resample(statistics.size(), seed, i)));
  }
  return scores;
}

ConfidenceInterval confidence_interval(std::vector<double> scores) {
  if (scores.empty()) fail("confidence interval: no scores; need at least one resample");
  std::ranges::sort(scores);
  const size_t outside = scores.size() / 40;
  return {mean(scores), scores[outside], scores[scores.size() - 1 - outside]};
}

double p_value(std::span<const double> differences, double observed_difference) {
  const auto larger = std::ranges::count_if(differences, [&](double d) { return d > observed_difference; });
  return static_cast<double>(larger + 1) / static_cast<double>(differences.size() + 1);
}

double paired_bootstrap_p(std::span<const double> system, std::span<const double> baseline,
                          double observed_difference) {
  std::vector<double> differences;
  for (size_t i = 0; i < system.size(); ++i) differences.push_back(std::abs(system[i] - baseline[i]));
  const double centre = mean(differences);
  for (double& difference : differences) difference -= centre;
  return p_value(differences, std::abs(observed_difference));
}

ExchangedScores exchanged_scores(const Metric& metric, const SegmentStatistics& first, const SegmentStatistics& second,
                                 const std::vector<bool>& exchange) {
  std::vector<double> first_sums(metric.width()), second_sums(metric.width());
  for (size_t i = 0; i < exchange.size(); ++i) {
    add_to(first_sums, exchange[i] ? second[i] : first[i]);
    add_to(second_sums, exchange[i] ? first[i] : second[i]);
  }
  return {metric.score(first_sums), metric.score(second_sums)};
}

double randomisation_p(const Metric& metric, const SegmentStatistics& system, const SegmentStatistics& baseline,
                       size_t trials, std::uint64_t seed) {
  const double observed = std::abs(metric.score(system.sums()) - metric.score(baseline.sums()));
  std::vector<double> differences;
  for (size_t trial = 0; trial < trials; ++trial) {
    Rng rng(derive_seed(seed, trial));
    const auto [first, second] = exchanged_scores(metric, system, baseline, toss_coins(system.size(), rng));
    differences.push_back(std::abs(first - second));
  }
  return p_value(differences, observed);
}

}
