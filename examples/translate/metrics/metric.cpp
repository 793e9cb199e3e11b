#include "examples/translate/metrics/metric.h"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/error.h"
#include "examples/translate/base/version.h"

namespace gradus::translate {

std::vector<double> SegmentStatistics::sums() const {
  std::vector<double> sums(width_);
  for (size_t i = 0; i < values_.size(); ++i) sums[i % width_] += values_[i];
  return sums;
}

References references_of(std::span<const std::vector<std::string>> files) {
  References references(files.empty() ? 0 : files.front().size());
  for (const std::vector<std::string>& lines : files) {
    for (size_t i = 0; i < references.size(); ++i) references[i].push_back(lines.at(i));
  }
  return references;
}

SegmentStatistics corpus_statistics(const Metric& metric, std::span<const std::string> hypotheses,
                                    const References& references) {
  if (hypotheses.size() != references.size()) {
    fail("{}: {} hypotheses, but references for {}; need references for every hypothesis", metric.name(),
         hypotheses.size(), references.size());
  }
  SegmentStatistics statistics(metric.width());
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    if (references[i].empty()) fail("{}: segment {} has no reference; need one or more", metric.name(), i + 1);
    statistics.add(metric.statistics(hypotheses[i], references[i]));
  }
  return statistics;
}

std::string signature(const Metric& metric, const References& references, std::string_view extra) {
  const size_t count = references.empty() ? 0 : references.front().size();
  const bool equal = std::ranges::all_of(references, [&](const auto& segment) { return segment.size() == count; });
  return fmt::format("nrefs:{}|{}{}{}|version:gradus-{}", equal ? std::to_string(count) : "var", extra,
                     extra.empty() ? "" : "|", metric.settings(), program_version());
}

}
