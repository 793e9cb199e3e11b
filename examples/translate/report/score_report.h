#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/translate/metrics/metric_options.h"
#include "examples/translate/metrics/significance.h"

namespace gradus::translate {

/// A p-value below this says that chance alone hardly makes a difference.
inline constexpr double kSignificant = 0.05;

/// A system by one metric.
struct SystemScore {
  std::string system;
  double score = 0;
  std::string summary;
  std::vector<std::pair<std::string, double>> components;
  std::optional<ConfidenceInterval> interval;
  std::optional<double> difference;                    ///< to the baseline
  std::optional<double> bootstrap_p, randomisation_p;  ///< of this difference, unless no segment differs
};

/// All systems by one metric.
struct MetricReport {
  std::string metric, signature;
  size_t resamples = 0;
  std::vector<SystemScore> systems;
  bool lower_is_better = false;
};

/// A system's name and its statistics by some metric.
struct SystemStatistics {
  std::string system;
  SegmentStatistics statistics;
};

/// The tests by which every system is compared with the first one.
struct PairedTests {
  bool bootstrap = true;   ///< over the resamples of the intervals
  size_t trials = 10'000;  ///< of approximate randomisation; 0 to leave it out
};

/// Scores, with intervals if the options ask for them, and with tests the differences to the first system.
MetricReport make_report(const Metric& metric, const std::vector<SystemStatistics>& systems,
                         const References& references, const MetricOptions& options,
                         const std::optional<PairedTests>& tests = {});

/// The score of a single system, with its interval if there is one, and the signature.
std::string score_lines(const MetricReport& report);

/// `perplexity 5.353 (cross-entropy 1.6777 nats a word)`.   cross_entropy: mean of -log P, unit: of what
std::string perplexity_text(double cross_entropy, const char* unit);

/// A table with a row for every system.
std::string score_rows(const MetricReport& report);
/// Such a table between the metric's name and its signature.
std::string score_table(const MetricReport& report);

/// An array with an object for every metric and system.
std::string score_json(const std::vector<MetricReport>& reports);

}
