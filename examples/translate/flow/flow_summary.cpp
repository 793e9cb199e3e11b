#include "examples/translate/flow/flow_summary.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "examples/translate/report/table.h"

namespace gradus::translate {

namespace {

constexpr int kFar = 10;                                        // steps
constexpr double kVanishes = 0.05, kFades = 0.4, kGrows = 2.5;  // of what there is at 1 step
constexpr double kLost = 0.5;                                   // what a way leaves that is worth a word
constexpr double kMuchMore = 2;
constexpr std::size_t kTableWidth = 80;

/// Sums of shares by distance, and how many sentences have each.
struct Sums {
  struct Of {
    double sum = 0;
    std::size_t count = 0, sentences = 0, last_sentence = 0;
  };
  std::vector<Of> distances;

  /// Sentences count from 1.
  void add(int distance, double share, std::size_t sentence) {
    if (distances.size() <= static_cast<std::size_t>(distance)) distances.resize(distance + 1);
    Of& of = distances[distance];
    of.sum += share;
    ++of.count;
    if (of.last_sentence != sentence) ++of.sentences;
    of.last_sentence = sentence;
  }

  std::vector<FlowPoint> points(std::size_t sentences) const {
    std::vector<FlowPoint> points;
    for (std::size_t d = 0; d < distances.size(); ++d) {
      const Of& of = distances[d];
      if (of.count == 0 || 2 * of.sentences < sentences) continue;
      points.push_back({static_cast<int>(d), of.sum / static_cast<double>(of.count), of.count});
    }
    return points;
  }
};

/// The mean at a distance; of fewer steps, if the curve ends before. The curve is not empty.
const FlowPoint& point_at(const std::vector<FlowPoint>& curve, int distance) {
  const auto after = std::ranges::find_if(curve, [&](const FlowPoint& point) { return point.distance > distance; });
  return after == curve.begin() ? curve.front() : *(after - 1);
}

std::string steps(int count) { return fmt::format("{} step{}", count, count == 1 ? "" : "s"); }

/// How the mean changes with the distance.
std::string change_text(const ModelFlow& model, const std::vector<FlowPoint>& curve) {
  if (std::ranges::all_of(curve, [](const FlowPoint& point) { return point.share == 0; }))
    return "no gradient reaches the encoder.";
  const FlowPoint &near = curve.front(), &far = point_at(curve, kFar);
  if (far.distance == near.distance)
    return "the sentences are too short to show how the gradient changes with the distance.";
  const double step = factor_a_step(curve), left = std::pow(step, far.distance - near.distance);
  const std::string head = fmt::format(
      "{} before a word a state of the encoder gets {} of what the word's own state gets, {} before it {}: the "
      "gradient",
      steps(near.distance), norm_text(near.share), steps(far.distance), norm_text(far.share));
  if (left < kVanishes) return fmt::format("{} vanishes, by a factor of {:.2f} a step.", head, step);
  if (left < kFades) return fmt::format("{} fades, by a factor of {:.2f} a step.", head, step);
  if (left > kGrows) return fmt::format("{} grows, by a factor of {:.2f} a step.", head, step);
  return fmt::format("{} hardly depends on the distance{}.", head,
                     model.attends ? ", for attention reaches every state at once" : "");
}

/// Where on its way most of the gradient is lost; nothing if not much is.
std::string loss_text(const ModelFlow& model) {
  const std::array<double, 4> norms = flow_stations(model).norms;
  if (norms[0] == 0) return "";
  std::size_t worst = 1;
  for (std::size_t i = 1; i < norms.size(); ++i) {
    if (norms[i] * norms[worst - 1] < norms[worst] * norms[i - 1]) worst = i;  // ratios, also of zeros
  }
  if (norms[worst] >= kLost * norms[worst - 1]) return "";
  constexpr std::array kWays{"", "in the decoder's recurrence",
                             "on the way from the decoder's first state to the encoder", "in the encoder's recurrence"};
  return fmt::format(
      " On its way back most is lost {}: in the mean {} is left at the decoder's first state, {} at the last "
      "state of the encoder, and {} at its first.",
      kWays[worst], norm_text(norms[1] / norms[0]), norm_text(norms[2] / norms[0]), norm_text(norms[3] / norms[0]));
}

/// A model without attention beside one with it.
std::string beside_text(const ModelFlow& without, const ModelFlow& with) {
  const std::vector<FlowPoint> a = flow_curves(without).encoder, b = flow_curves(with).encoder;
  if (a.empty() || b.empty()) return "";
  const int distance = std::min({kFar, a.back().distance, b.back().distance});
  const double of_a = point_at(a, distance).share, of_b = point_at(b, distance).share;
  if (of_a == 0 || of_b < kMuchMore * of_a) return "";
  return fmt::format("{} before a word {}, with attention, has {} times as much left as {}, without.", steps(distance),
                     with.name, norm_text(of_b / of_a), without.name);
}

/// What the training has done to what comes to the encoder.
std::string training_text(const ModelFlow& trained, const ModelFlow& untrained) {
  const std::array<double, 4> now = flow_stations(trained).norms, before = flow_stations(untrained).norms;
  if (now[0] == 0 || before[0] == 0) return "";
  const double share = now[2] / now[0], first = before[2] / before[0];
  return fmt::format(
      "{}: the training has changed what is left at the last state of the encoder from {} to {}{}.", trained.name,
      norm_text(first), norm_text(share),
      share * kMuchMore < first ? "; beside the decoder's own state the source counts for less than at first" : "");
}

/// Rows for distances that stand closer together where they are small.
bool is_row(int distance) {
  return distance <= 3 || distance == 5 || distance == 7 || (distance <= 30 ? distance % 5 == 0 : distance % 20 == 0);
}

std::string table_of(std::span<const ModelFlow> models, std::span<const FlowCurves> curves,
                     std::vector<FlowPoint> FlowCurves::*part) {
  int last = 0;
  for (const FlowCurves& curve : curves)
    last = std::max(last, (curve.*part).empty() ? 0 : (curve.*part).back().distance);
  std::vector<Column> columns(models.size() + 1);
  columns[0].head = "distance";
  for (std::size_t i = 0; i < models.size(); ++i) columns[i + 1].head = models[i].name;
  for (int d = 0; d <= last; ++d) {
    if (!is_row(d)) continue;
    std::vector<std::string> cells;
    for (const FlowCurves& curve : curves) {
      const auto found = std::ranges::find(curve.*part, d, &FlowPoint::distance);
      cells.push_back(found == (curve.*part).end() ? "" : norm_text(found->share));
    }
    if (std::ranges::all_of(cells, &std::string::empty)) continue;
    columns[0].cells.push_back(std::to_string(d));
    for (std::size_t i = 0; i < cells.size(); ++i) columns[i + 1].cells.push_back(cells[i]);
  }
  return table_text(columns, kTableWidth);
}

std::string stations_table(std::span<const ModelFlow> models) {
  std::vector<Column> columns(models.size() + 1);
  columns[0] = {"", {FlowStations::kNames.begin(), FlowStations::kNames.end()}};
  for (std::size_t i = 0; i < models.size(); ++i) {
    columns[i + 1].head = models[i].name;
    const std::array<double, 4> norms = flow_stations(models[i]).norms;
    for (const double norm : norms) {
      columns[i + 1].cells.push_back(&norm == norms.data() || norms[0] == 0
                                         ? norm_text(norm)
                                         : fmt::format("{} ({})", norm_text(norm), norm_text(norm / norms[0])));
    }
  }
  return table_text(columns, kTableWidth);
}

}

std::string norm_text(double norm) {
  if (norm >= 99.5 && norm < 1000) return fmt::format("{:.0f}", norm);
  if (norm == 0 || (norm >= 0.001 && norm < 99.5)) return fmt::format("{:.2g}", norm);
  const std::string text = fmt::format("{:.1e}", norm);
  const std::size_t e = text.find('e');
  std::string power;
  for (const char digit : std::to_string(std::stoi(text.substr(e + 1)))) {
    constexpr std::array kRaised{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    power += digit == '-' ? "⁻" : kRaised[digit - '0'];
  }
  return fmt::format("{}×10{}", text.substr(0, e), power);
}

double factor_a_step(const std::vector<FlowPoint>& curve) {
  constexpr double kLeast = std::numeric_limits<float>::min();  // stands for 0, which has no logarithm
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const FlowPoint& point : curve) {
    const auto count = static_cast<double>(point.count), log = std::log(std::max(kLeast, point.share));
    n += count;
    x += count * point.distance;
    y += count * log;
    xx += count * point.distance * point.distance;
    xy += count * point.distance * log;
  }
  const double spread = n * xx - x * x;
  return spread == 0 ? 1 : std::exp((n * xy - x * y) / spread);
}

FlowCurves flow_curves(const ModelFlow& model) {
  Sums encoder, decoder;
  std::size_t number = 0;
  for (const auto& [source, target, flow] : model.sentences) {
    ++number;
    const int S = flow.forward.states, T = flow.forward.words;
    for (int t = 0; t < T; ++t) {
      const double own = flow.own_norm(t);
      if (own == 0) continue;
      for (int s = 0; s < S; ++s) {
        encoder.add(encoder_distance(S, s, t, flow.reversed), flow.forward.at(t, s) / own, number);
        if (!flow.backward.empty()) encoder.add(encoder_distance(S, s, t, true), flow.backward.at(t, s) / own, number);
      }
      for (int state = 0; state <= t; ++state) decoder.add(t - state, flow.decoder.at(t, state) / own, number);
    }
  }
  return {encoder.points(number), decoder.points(number)};
}

FlowStations flow_stations(const ModelFlow& model) {
  FlowStations stations;
  std::size_t words = 0;
  for (const auto& [source, target, flow] : model.sentences) {
    const int last = flow.forward.states - 1;
    for (int t = 0; t < flow.forward.words; ++t, ++words) {
      const double begin = flow.forward.at(t, flow.reversed ? last : 0),
                   end = flow.forward.at(t, flow.reversed ? 0 : last);
      const bool both = !flow.backward.empty();
      stations.norms[0] += flow.own_norm(t);
      stations.norms[1] += flow.decoder.at(t, 0);
      stations.norms[2] += std::hypot(end, both ? flow.backward.at(t, 0) : 0);
      stations.norms[3] += std::hypot(begin, both ? flow.backward.at(t, last) : 0);
    }
  }
  for (double& norm : stations.norms) norm /= static_cast<double>(words);
  return stations;
}

std::vector<std::string> flow_findings(std::span<const ModelFlow> models) {
  std::vector<std::string> sentences;
  for (const ModelFlow& model : models) {
    const std::string change = change_text(model, flow_curves(model).encoder);
    sentences.push_back(fmt::format("{}: {}{}", model.name, change, model.attends ? "" : loss_text(model)));
  }
  for (std::size_t i = 1; i < models.size(); ++i) {
    const bool is_twin = models[i - 1].trained && !models[i].trained && models[i].name.starts_with(models[i - 1].name);
    if (models[i].attends || !is_twin) continue;
    if (const std::string text = training_text(models[i - 1], models[i]); !text.empty()) sentences.push_back(text);
  }
  for (const ModelFlow& without : models) {
    const auto with = std::ranges::find_if(
        models, [&](const ModelFlow& model) { return model.attends && model.trained == without.trained; });
    if (without.attends || with == models.end()) continue;
    if (const std::string text = beside_text(without, *with); !text.empty()) sentences.push_back(text);
  }
  return sentences;
}

std::string flow_tables(std::span<const ModelFlow> models) {
  std::vector<FlowCurves> curves;
  for (const ModelFlow& model : models) curves.push_back(flow_curves(model));
  return "encoder: what comes to a state so many recurrent steps before a word,\nas a share of the gradient of the "
         "word's "
         "own state; means\n" +
         table_of(models, curves, &FlowCurves::encoder) + "\ndecoder: the same at its own states\n" +
         table_of(models, curves, &FlowCurves::decoder) +
         "\non the way back by the recurrence: mean norm, and what is left of the first\n" + stations_table(models);
}

}
