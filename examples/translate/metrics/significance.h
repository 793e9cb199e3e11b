#pragma once

#include <cstdint>
#include <vector>

#include "examples/translate/metrics/metric.h"

namespace gradus::translate {

/// Numbers of segments drawn from 0, …, segments - 1 with replacement, as many as there are segments: a bootstrap
/// resample (Efron 1979). The same seed and number give the same draw, so that several systems and metrics see the
/// same.
std::vector<size_t> resample(size_t segments, std::uint64_t seed, std::uint64_t number);

/// The score of the segments with these numbers.
double resampled_score(const Metric& metric, const SegmentStatistics& statistics, std::span<const size_t> segments);

/// The scores of `samples` resamples.
std::vector<double> bootstrap_scores(const Metric& metric, const SegmentStatistics& statistics, size_t samples,
                                     std::uint64_t seed);

/// What 95 % of the scores lie between, 2.5 % of them below and above.
struct ConfidenceInterval {
  double mean = 0, low = 0, high = 0;

  /// The number behind "±".
  double half_width() const { return (high - low) / 2; }
};

/// The interval of the scores of resamples (Koehn 2004, "Statistical significance tests for machine translation
/// evaluation"), as sacreBLEU takes it. Throws Error when there are none.
ConfidenceInterval confidence_interval(std::vector<double> scores);

/// The p-value of a two-sided paired bootstrap test from the scores of two systems for the same resamples: how often
/// their difference would be larger than the observed one if it varied as it does, but round zero. One is added to both
/// counts, so it is never 0.
double paired_bootstrap_p(std::span<const double> system, std::span<const double> baseline, double observed_difference);

/// The scores of two systems that have exchanged the segments that `exchange` marks.
struct ExchangedScores {
  double first, second;
};
ExchangedScores exchanged_scores(const Metric& metric, const SegmentStatistics& first, const SegmentStatistics& second,
                                 const std::vector<bool>& exchange);

/// The p-value of approximate randomisation (Riezler and Maxwell 2005, "On some pitfalls in automatic evaluation and
/// significance testing for MT"): how often two systems differ by more than they do when in each of `trials` trials
/// every segment is exchanged between them with probability ½. One is added to both counts, so it is never 0.
double randomisation_p(const Metric& metric, const SegmentStatistics& system, const SegmentStatistics& baseline,
                       size_t trials, std::uint64_t seed);

/// (1 + the differences that are larger than the observed one) / (1 + all).
double p_value(std::span<const double> differences, double observed_difference);

}
