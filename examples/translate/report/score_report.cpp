#include "examples/translate/report/score_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "examples/translate/base/number.h"
#include "examples/translate/report/table.h"
#include "nn/storage/json.h"

namespace gradus::translate {

namespace {

std::string p_text(double p) { return fmt::format("{:.4f}{}", p, p < kSignificant ? "*" : " "); }

/// A column of what every system may have; empty cells where it has not.
template <typename Value, typename Format>
Column column(const std::string& head, const std::vector<SystemScore>& systems, Value SystemScore::*value,
              Format format) {
  Column result{head, {}};
  for (const SystemScore& system : systems) {
    if constexpr (requires { (system.*value).has_value(); }) {
      result.cells.push_back((system.*value) ? format(*(system.*value)) : "");
    } else {
      result.cells.push_back(format(system.*value));
    }
  }
  return result;
}

bool is_empty(const Column& column) { return std::ranges::all_of(column.cells, &std::string::empty); }

std::string interval_text(const ConfidenceInterval& interval) {
  return fmt::format("{:.2f} ± {:.2f}", interval.mean, interval.half_width());
}

Json json_of(const MetricReport& report, const SystemScore& system) {
  Json json = Json::object({{"system", system.system}, {"name", report.metric}, {"score", system.score}});
  for (const auto& [name, value] : system.components) json.set(name, value);
  if (system.interval) {
    json.set("mean", system.interval->mean);
    json.set("low", system.interval->low);
    json.set("high", system.interval->high);
  }
  if (system.difference) json.set("difference", *system.difference);
  if (system.bootstrap_p) json.set("bootstrap_p", *system.bootstrap_p);
  if (system.randomisation_p) json.set("randomisation_p", *system.randomisation_p);
  json.set("signature", report.signature);
  return json;
}

/// What was drawn at random, for the signature.
std::string drawn_text(const MetricOptions& options, const std::optional<PairedTests>& tests) {
  std::string text;
  if (options.bootstrap > 0) text += fmt::format("bs:{}|", options.bootstrap);
  if (tests && tests->trials > 0) text += fmt::format("ar:{}|", tests->trials);
  return text.empty() ? "" : fmt::format("{}seed:{}", text, options.seed);
}

SystemScore score_system(const Metric& metric, const SystemStatistics& system) {
  const std::vector<double> sums = system.statistics.sums();
  SystemScore score;
  score.system = system.system;
  score.score = metric.score(sums);
  score.summary = metric.summary(sums);
  score.components = metric.components(sums);
  return score;
}

}

MetricReport make_report(const Metric& metric, const std::vector<SystemStatistics>& systems,
                         const References& references, const MetricOptions& options,
                         const std::optional<PairedTests>& tests) {
  MetricReport report{metric.name(),
                      signature(metric, references, drawn_text(options, tests)),
                      options.bootstrap,
                      {},
                      metric.lower_is_better()};
  const SegmentStatistics& baseline = systems.front().statistics;
  std::vector<double> baseline_scores;  // of the resamples
  for (const SystemStatistics& system : systems) {
    SystemScore score = score_system(metric, system);
    std::vector<double> scores;
    if (options.bootstrap > 0) {
      scores = bootstrap_scores(metric, system.statistics, options.bootstrap, options.seed);
      score.interval = confidence_interval(scores);
    }
    if (report.systems.empty()) {
      baseline_scores = std::move(scores);
    } else if (tests) {
      score.difference = score.score - report.systems.front().score;
      const bool differs = system.statistics != baseline;  // else the p-values would be those of a certain difference
      if (differs && tests->bootstrap)
        score.bootstrap_p = paired_bootstrap_p(scores, baseline_scores, *score.difference);
      if (differs && tests->trials > 0)
        score.randomisation_p = randomisation_p(metric, system.statistics, baseline, tests->trials, options.seed);
    }
    report.systems.push_back(std::move(score));
  }
  return report;
}

std::string score_lines(const MetricReport& report) {
  const SystemScore& system = report.systems.front();
  std::string text = system.summary + "\n";
  if (system.interval) {
    text += fmt::format("  {}, from {:.2f} to {:.2f} in 95 % of {} resamples\n", interval_text(*system.interval),
                        system.interval->low, system.interval->high, report.resamples);
  }
  return text + "  " + report.signature + "\n";
}

std::string perplexity_text(double cross_entropy, const char* unit) {
  return fmt::format("perplexity {} (cross-entropy {} nats a {})", readable(std::exp(cross_entropy), 3),
                     readable(cross_entropy, 4), unit);
}

std::string score_rows(const MetricReport& report) {
  const auto& systems = report.systems;
  const auto plain = [](const std::string& text) { return text; };
  const auto score = [](double value) { return fmt::format("{:.2f}", value); };
  const auto difference = [](double value) { return fmt::format("{:+.2f}", value); };
  std::vector<Column> columns = {column("system", systems, &SystemScore::system, plain),
                                 column("score", systems, &SystemScore::score, score),
                                 column("mean ± 95 %", systems, &SystemScore::interval, interval_text),
                                 column("difference", systems, &SystemScore::difference, difference),
                                 column("p (bootstrap)", systems, &SystemScore::bootstrap_p, p_text),
                                 column("p (randomisation)", systems, &SystemScore::randomisation_p, p_text)};
  std::erase_if(columns, is_empty);
  return table_text(columns);
}

std::string score_table(const MetricReport& report) {
  return report.metric + "\n" + score_rows(report) + "  " + report.signature + "\n";
}

std::string score_json(const std::vector<MetricReport>& reports) {
  Json::List list;
  for (const MetricReport& report : reports) {
    for (const SystemScore& system : report.systems) list.push_back(json_of(report, system));
  }
  return Json(std::move(list)).dump(2, Json::InvalidUtf8::Replace) + "\n";
}

}
