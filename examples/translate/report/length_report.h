#pragma once

#include <span>
#include <string>
#include <vector>

#include "examples/translate/metrics/metric.h"
#include "examples/translate/report/chart.h"

namespace gradus::translate {

/// Sentences of about the same length.
struct LengthBin {
  size_t first, last;            ///< words of the shortest and of the longest that belong here
  std::vector<size_t> segments;  ///< their numbers
};

/// The lines by their number of words between white space: 1 to `width`, `width` + 1 to 2 · `width`, … Bins without a
/// line are left out.
std::vector<LengthBin> length_bins(std::span<const std::string> lines, size_t width);

/// How well sentences of each length are translated, by one or several systems (Bahdanau et al. 2014, figure 2).
struct LengthReport {
  struct System {
    std::string name;
    std::vector<double> scores;  ///< one a bin
  };

  std::string title, metric;
  std::vector<LengthBin> bins;
  std::vector<System> systems = {};

  void add(const std::string& system, const Metric& metric, const SegmentStatistics& statistics);
  /// A row for every bin, with its number of sentences and a column for every system.
  std::string table() const;
  /// A curve for every system; a bin stands at the middle of its lengths.
  Chart chart() const;
};

}
