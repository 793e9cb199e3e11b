#include "examples/translate/report/report.h"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/inspect/pages/page.h"
#include "examples/translate/base/number.h"
#include "examples/translate/base/progress.h"
#include "examples/translate/report/chart.h"
#include "examples/translate/report/gradient_report.h"
#include "examples/translate/report/markup.h"

namespace gradus::translate {

namespace {

/// A curve over the epochs: a step's place in its epoch is its share of the epoch's steps; an epoch that still runs is
/// taken to have as many as the one before.
template <class Value>
Chart::Series over_steps(std::string name, const TrainingHistory& history, Value value) {
  std::vector<Chart::Point> points;
  const auto& steps = history.steps;
  std::size_t count = 0;
  for (std::size_t begin = 0, end; begin < steps.size(); begin = end) {
    for (end = begin; end < steps.size() && steps[end].epoch == steps[begin].epoch; ++end) {
    }
    const bool runs = end == steps.size() && history.validations.size() < static_cast<std::size_t>(steps[begin].epoch);
    count = runs ? std::max(count, end - begin) : end - begin;
    for (std::size_t i = begin; i < end; ++i) {
      const double share = static_cast<double>(i - begin + 1) / static_cast<double>(count);
      points.push_back({steps[i].epoch - 1 + share, value(steps[i])});
    }
  }
  return {std::move(name), thin_out(points, kCurvePoints)};
}

template <class Value>
Chart::Series over_validations(std::string name, const TrainingHistory& history, Value value) {
  Chart::Series series{std::move(name), {}};
  for (const auto& validation : history.validations) {
    series.points.push_back({static_cast<double>(validation.epoch), value(validation)});
  }
  return series;
}

std::string curves(const TrainConfig& config, const TrainingHistory& history) {
  using Step = TrainingLog::Step;
  using Validation = TrainingLog::Validation;
  const std::vector<Chart> charts = {
      {"cross-entropy",
       "epoch",
       "nats a word",
       {over_steps(config.label_smoothing > 0 ? "training (smoothed labels)" : "training", history,
                   [](const Step& step) { return step.loss; }),
        over_validations("validation", history, [](const Validation& v) { return v.loss; })},
       false},
      {"validation BLEU",
       "epoch",
       "BLEU",
       {over_validations("BLEU", history, [](const Validation& v) { return v.bleu; })}},
      {"validation perplexity",
       "epoch",
       "perplexity",
       {over_validations("perplexity", history, [](const Validation& v) { return v.perplexity; })},
       false},
      {"learning rate",
       "epoch",
       "rate",
       {over_steps("rate", history, [](const Step& step) { return step.learning_rate; })}},
      {"gradient norm before clipping",
       "epoch",
       "norm",
       {over_steps("norm", history, [](const Step& step) { return step.gradient_norm; })}},
      {"speed",
       "epoch",
       "target words/s",
       {over_steps("words/s", history,
                   [previous = 0.0](const Step& step) mutable {
                     const double seconds = step.seconds - previous;
                     previous = step.seconds;
                     return static_cast<double>(step.words) / std::max(seconds, 1e-9);
                   })}},
  };
  std::string svgs;  // one each, so that there are as many in a row as find room
  for (const Chart& chart : charts) svgs += charts_svg({&chart, 1}, 1);
  return svgs;
}

std::string row(const std::string& name, const std::string& value) {
  return fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", escape_markup(name), escape_markup(value));
}

std::string summary(const TrainingHistory& history) {
  const auto& validations = history.validations;
  std::int64_t words = 0;
  for (const auto& step : history.steps) words += step.words;
  const double seconds = std::max(history.steps.empty() ? 0 : history.steps.back().seconds,
                                  validations.empty() ? 0 : validations.back().seconds);
  std::string table = row("steps", fmt::format("{}", history.steps.size())) +
                      row("target words", fmt::format("{}", words)) + row("time", clock_text(seconds));
  const auto best = std::find_if(validations.rbegin(), validations.rend(), [](const auto& v) { return v.best; });
  if (best != validations.rend()) {
    table += row("best validation", fmt::format("BLEU {:.2f}, perplexity {}, after epoch {}", best->bleu,
                                                readable(best->perplexity, 2), best->epoch));
  }
  return "<table>\n" + table + "</table>\n";
}

/// How the translations of each sample changed; those that stayed as they were are left out.
std::string samples(const TrainingHistory& history) {
  if (history.validations.empty()) return "";
  const std::vector<TrainingLog::Sample>& first = history.validations.front().samples;
  std::vector<std::string> rows(first.size());
  std::vector<const std::string*> last(first.size(), nullptr);
  for (const auto& validation : history.validations) {
    for (std::size_t i = 0; i < std::min(first.size(), validation.samples.size()); ++i) {
      const std::string& translation = validation.samples[i].translation;
      if (last[i] == nullptr || translation != *last[i])
        rows[i] += row(fmt::format("epoch {}", validation.epoch), translation);
      last[i] = &translation;
    }
  }
  std::string html;
  for (std::size_t i = 0; i < first.size(); ++i) {
    html += "<table class=\"sample\">\n" + row("source", first[i].source);
    html +=
        fmt::format("<tr class=\"reference\"><th>reference</th><td>{}</td></tr>\n", escape_markup(first[i].reference));
    html += rows[i] + "</table>\n";
  }
  return html;
}

}

std::string report_html(const std::string& name, const TrainConfig& config, const TrainingHistory& history,
                        std::span<const Heatmap> heatmaps) {
  std::string html = fmt::format("<h1>{}</h1>\n", escape_markup(name));
  html += summary(history) + "<h2>Curves</h2>\n" + curves(config, history) + gradients_html(history, config.clip);
  html += "<h2>Translations of the validation text</h2>\n" + samples(history);
  if (!heatmaps.empty()) html += "<h2>What the translations attend to</h2>\n";
  for (const Heatmap& map : heatmaps) {
    const std::string svg = heatmap_svg(map);
    html += "<p>" + svg.substr(svg.find("<svg")) + "</p>\n";
  }
  html += "<h2>Configuration</h2>\n<table>\n";
  TrainConfig copy = config;
  for (const ConfigField& field : copy.fields()) {
    html += fmt::format("<tr><th>{}</th><td>{} &emsp;<span class=\"soft\">{}</span></td></tr>\n", field.key,
                        escape_markup(field.text()), escape_markup(field.help));
  }
  return document(name + ": training", html + "</table>\n");
}

}
