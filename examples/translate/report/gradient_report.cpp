#include "examples/translate/report/gradient_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "examples/translate/report/chart.h"
#include "examples/translate/report/markup.h"

namespace gradus::translate {

namespace {

constexpr double kVanishing = 1e-4, kExploding = 1000, kCut = 100, kMost = 0.5;
constexpr std::size_t kFewestUpdates = 50, kMostNames = 3;

/// What the log tells of one module.
struct ModuleHistory {
  Chart::Series norms;       // by the number of the update
  std::size_t vanished = 0;  // at how many of them the norm was next to nothing
  double weights = 0;        // their last norm; 0 if there is none
};

/// In time that is linear in the log's size, whatever modules somebody put there.
std::vector<ModuleHistory> modules_of(const TrainingHistory& history) {
  std::vector<ModuleHistory> modules;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const TrainingLog::Step& step : history.steps) {
    double largest = 0;
    for (const ModuleNorm& module : step.gradient_norms) largest = std::max(largest, module.norm);
    for (const auto& [name, norm] : step.gradient_norms) {
      const auto [place, is_new] = places.emplace(name, modules.size());
      if (is_new) modules.push_back({.norms = {name, {}}});
      ModuleHistory& module = modules[place->second];
      module.norms.points.push_back({static_cast<double>(step.step), norm});
      module.vanished += norm < kVanishing * largest ? 1 : 0;
    }
  }
  for (const TrainingLog::Validation& validation : history.validations) {
    for (const auto& [name, norm] : validation.weight_norms) {
      if (const auto place = places.find(name); place != places.end()) modules[place->second].weights = norm;
    }
  }
  return modules;
}

/// The median of the norms [begin, end), of which there is at least one.
double median(const ModuleHistory& module, std::size_t begin, std::size_t end) {
  std::vector<double> norms;
  for (std::size_t i = begin; i < end; ++i) norms.push_back(module.norms.points[i].y);
  const auto middle = norms.begin() + static_cast<std::ptrdiff_t>(norms.size() / 2);
  std::ranges::nth_element(norms, middle);
  return *middle;
}

struct Finding {
  double size;       // what the worst comes first by
  std::string text;  // the module, and how much
};

/// "a, b and 4 more", the worst first.
std::string listed(std::vector<Finding> findings) {
  std::ranges::stable_sort(findings, std::greater(), &Finding::size);
  std::string text;
  const std::size_t named = findings.size() <= kMostNames + 1 ? findings.size() : kMostNames;
  for (std::size_t i = 0; i < named; ++i) {
    text += (i == 0 ? "" : i + 1 == findings.size() ? " and " : ", ") + findings[i].text;
  }
  return named == findings.size() ? text : fmt::format("{} and {} more", text, findings.size() - named);
}

std::vector<Finding> vanishing(const std::vector<ModuleHistory>& modules) {
  std::vector<Finding> findings;
  for (const auto& [norms, vanished, weights] : modules) {
    const double share = static_cast<double>(vanished) / static_cast<double>(norms.points.size());
    if (norms.points.size() < kFewestUpdates || share <= kMost) continue;
    findings.push_back({share, fmt::format("{} ({:.0f}%)", norms.name, 100 * share)});
  }
  return findings;
}

/// `first` is the norm of the whole gradient at the first update.
std::vector<Finding> exploding(const std::vector<ModuleHistory>& modules, double first) {
  std::vector<Finding> findings;
  for (const ModuleHistory& module : modules) {
    const Chart::Point peak = std::ranges::max(module.norms.points, {}, &Chart::Point::y);
    if (first <= 0 || peak.y <= kExploding * first) continue;
    const double times = peak.y / first;
    findings.push_back({times, fmt::format("{} ({:.2g} times, at update {:.0f})", module.norms.name, times, peak.x)});
  }
  return findings;
}

/// The share of the updates at which clipping leaves next to nothing of the gradient.
double share_cut(const TrainingHistory& history, double clip) {
  const auto is_cut = [&](const TrainingLog::Step& step) { return clip > 0 && step.gradient_norm > kCut * clip; };
  return static_cast<double>(std::ranges::count_if(history.steps, is_cut)) / static_cast<double>(history.steps.size());
}

Chart chart_of(const std::vector<ModuleHistory>& modules) {
  Chart chart{.title = "gradient norm of each module before clipping",
              .x_name = "update",
              .y_name = "norm",
              .series = {},
              .log_y = true,
              .width = 640,
              .height = 300};
  for (const auto& [norms, vanished, weights] : modules) {
    chart.series.push_back({norms.name, thin_out(norms.points, kCurvePoints)});
  }
  return chart;
}

/// Medians of the first and the last tenth of the updates, and how large the weights are by now.
std::string table_of(const std::vector<ModuleHistory>& modules) {
  std::string html =
      "<table>\n<tr><th>module</th><th>gradient: median of the first tenth</th><th>of the last tenth</th>"
      "<th>weights</th><th>gradient / weights</th></tr>\n";
  for (const ModuleHistory& module : modules) {
    const std::size_t updates = module.norms.points.size(), tenth = (updates + 9) / 10;
    const double last = median(module, updates - tenth, updates);
    html += fmt::format("<tr><th>{}</th><td>{:.2g}</td><td>{:.2g}</td>", escape_markup(module.norms.name),
                        median(module, 0, tenth), last);
    html += module.weights > 0
                ? fmt::format("<td>{:.3g}</td><td>{:.2g}</td></tr>\n", module.weights, last / module.weights)
                : "<td></td><td></td></tr>\n";
  }
  return html + "</table>\n";
}

std::vector<std::string> findings_of(const TrainingHistory& history, const std::vector<ModuleHistory>& modules,
                                     double clip) {
  std::vector<std::string> sentences;
  if (modules.empty()) return sentences;
  if (const auto findings = vanishing(modules); !findings.empty()) {
    sentences.push_back(fmt::format(
        "The gradient vanishes in {}: at so many of the updates its norm is below 1/10000 of the largest module's.",
        listed(findings)));
  }
  if (const auto findings = exploding(modules, history.steps.front().gradient_norm); !findings.empty()) {
    sentences.push_back(
        fmt::format("The gradient explodes in {}: so many times the norm of all modules together at the first update.",
                    listed(findings)));
  }
  if (const double cut = share_cut(history, clip); cut > kMost && history.steps.size() >= kFewestUpdates) {
    const auto middle = [](const ModuleHistory& module) { return median(module, 0, module.norms.points.size()); };
    sentences.push_back(fmt::format(
        "Clipping leaves less than 1/100 of the gradient at {:.0f}% of the updates; most of it is that of {}.",
        100 * cut, std::ranges::max(modules, {}, middle).norms.name));
  }
  return sentences;
}

}

std::vector<std::string> gradient_findings(const TrainingHistory& history, double clip) {
  return findings_of(history, modules_of(history), clip);
}

std::string gradients_html(const TrainingHistory& history, double clip) {
  const std::vector<ModuleHistory> modules = modules_of(history);
  if (modules.empty()) return "";
  std::string html = "<h2>Gradients</h2>\n";
  for (const std::string& sentence : findings_of(history, modules, clip)) {
    html += fmt::format("<p class=\"finding\">{}</p>\n", escape_markup(sentence));
  }
  const Chart chart = chart_of(modules);
  return html + "<div class=\"wide\">\n" + charts_svg({&chart, 1}, 1) + table_of(modules) + "</div>\n";
}

}
