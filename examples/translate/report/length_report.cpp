#include "examples/translate/report/length_report.h"

#include <fmt/core.h>

#include <map>

#include "examples/translate/metrics/significance.h"
#include "examples/translate/report/table.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

std::vector<LengthBin> length_bins(std::span<const std::string> lines, size_t width) {
  std::map<size_t, LengthBin> bins;  // by their number
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t words = split_words(lines[i]).size();
    if (words == 0) continue;
    const size_t number = (words - 1) / width;
    LengthBin& bin = bins.try_emplace(number, LengthBin{number * width + 1, (number + 1) * width, {}}).first->second;
    bin.segments.push_back(i);
  }
  std::vector<LengthBin> result;
  for (auto& [number, bin] : bins) result.push_back(std::move(bin));
  return result;
}

void LengthReport::add(const std::string& system, const Metric& metric, const SegmentStatistics& statistics) {
  System added{system, {}};
  for (const LengthBin& bin : bins) added.scores.push_back(resampled_score(metric, statistics, bin.segments));
  systems.push_back(std::move(added));
}

std::string LengthReport::table() const {
  std::vector<Column> columns = {{"source words", {}}, {"sentences", {}}};
  for (const LengthBin& bin : bins) {
    columns[0].cells.push_back(bin.first == bin.last ? fmt::format("{}", bin.first)
                                                     : fmt::format("{} to {}", bin.first, bin.last));
    columns[1].cells.push_back(fmt::format("{}", bin.segments.size()));
  }
  for (const System& system : systems) {
    Column column{fmt::format("{} {}", metric, system.name), {}};
    for (const double score : system.scores) column.cells.push_back(fmt::format("{:.2f}", score));
    columns.push_back(std::move(column));
  }
  return table_text(columns);
}

Chart LengthReport::chart() const {
  Chart chart{title.empty() ? metric + " by the length of the source" : title, "words of the source", metric, {}};
  for (const System& system : systems) {
    Chart::Series series{system.name, {}};
    for (size_t i = 0; i < bins.size(); ++i) {
      series.points.push_back({static_cast<double>(bins[i].first + bins[i].last) / 2, system.scores[i]});
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

}
