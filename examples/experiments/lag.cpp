#include <fmt/format.h>

#include "examples/experiments/experiments.h"

namespace gradus::translate {

namespace {

constexpr int kMostWait = 9;

/// A model, and the curve of the picture that it stands on.
struct Reader {
  Variant variant;
  const char* curve;
};

std::vector<Reader> readers() {
  const auto fields = [](const char* scope, int k) {
    return fmt::format(R"({{"scope": "{}", "wait_k": {}, "normalizer": "softmax", "bidirectional": false,
        "reverse_source": false, "bridge": "zero"}})",
                       scope, k);
  };
  std::vector<Reader> result;
  for (int k = 1; k <= kMostWait; ++k) {
    result.push_back({{fmt::format("wait-{}", k), fields("wait-k", k)}, "wait-k, k = 1 … 9"});
  }
  for (const char* const scope : {"monotonic", "mocha"}) result.push_back({{scope, fields(scope, 1)}, scope});
  result.push_back({{"whole", fields("global", 1)}, "the whole sentence"});
  return result;
}

}

LagReport lags(Experiment& experiment) {
  const std::vector<Reader> all = readers();
  std::vector<Variant> variants;
  for (const Reader& reader : all) variants.push_back(reader.variant);
  experiment.check(variants);
  LagReport report{"| model | Average Lagging | Average Proportion | BLEU |\n|---|---|---|---|\n",
                   {.title = "BLEU by lag",
                    .x_name = "Average Lagging, words of the source",
                    .y_name = "BLEU",
                    .series = {},
                    .from_zero = false}};
  for (const auto& [variant, curve] : all) {
    experiment.train(variant);
    const LagScores scores = experiment.score_lag(variant.name);
    report.markdown += fmt::format("| {} | {:.2f} | {:.3f} | {:.2f} |\n", variant.name, scores.lag.average_lagging,
                                   scores.lag.average_proportion, scores.bleu);
    std::vector<Chart::Series>& series = report.chart.series;
    if (series.empty() || series.back().name != curve) series.push_back({curve, {}});
    series.back().points.push_back({scores.lag.average_lagging, scores.bleu});
  }
  return report;
}

}
