#include "examples/translate/comparison/comparison.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "examples/translate/base/join_words.h"

namespace gradus::translate {

namespace {

bool are_identical(const std::vector<ComparedSystem>& systems, size_t index) {
  return std::ranges::all_of(systems, [&](const ComparedSystem& system) {
    return system.translations[index] == systems.front().translations[index];
  });
}

void compare_sentences(Comparison& comparison, const Metric& metric, size_t count) {
  const auto& systems = comparison.systems;
  comparison.best.resize(systems.size());
  for (size_t i = 0; i < comparison.test.references.size(); ++i) {
    if (are_identical(systems, i)) {
      ++comparison.identical;
      continue;
    }
    ComparedSentence sentence{i, {}};
    for (const ComparedSystem& system : systems) {
      sentence.scores.push_back(metric.score(metric.statistics(system.translations[i], comparison.test.references[i])));
    }
    const auto best = metric.lower_is_better() ? std::ranges::min_element(sentence.scores)
                                               : std::ranges::max_element(sentence.scores);
    if (std::ranges::count(sentence.scores, *best) == 1)
      ++comparison.best[static_cast<size_t>(best - sentence.scores.begin())];
    comparison.sentences.push_back(std::move(sentence));
  }
  std::ranges::stable_sort(comparison.sentences, std::greater(), &ComparedSentence::spread);
  if (comparison.sentences.size() > count) comparison.sentences.resize(count);
}

}

double ComparedSentence::spread() const {
  const auto [low, high] = std::ranges::minmax(scores);
  return high - low;
}

std::string letter_of(size_t system) { return {static_cast<char>('A' + system)}; }

Comparison compare(std::vector<ComparedSystem> systems, TestText test, const MetricOptions& options, size_t sentences) {
  Comparison comparison;
  comparison.systems = std::move(systems);
  comparison.test = std::move(test);
  const PairedTests tests{.bootstrap = options.bootstrap > 0};
  for (const auto& metric : make_metrics(options)) {
    std::vector<SystemStatistics> statistics;
    for (size_t i = 0; i < comparison.systems.size(); ++i) {
      statistics.push_back(
          {letter_of(i), corpus_statistics(*metric, comparison.systems[i].translations, comparison.test.references)});
    }
    comparison.reports.push_back(make_report(*metric, statistics, comparison.test.references, options, tests));
  }
  const std::unique_ptr<Metric> metric = std::move(make_metrics(options, true).front());
  comparison.sentence_metric = metric->name();
  compare_sentences(comparison, *metric, sentences);
  return comparison;
}

std::vector<std::string> verdicts(const MetricReport& report) {
  std::vector<std::string> sentences;
  const std::string& first = report.systems.front().system;
  for (const SystemScore& system : report.systems) {
    if (!system.difference) continue;
    const double difference = *system.difference * (report.lower_is_better ? -1 : 1);
    const std::vector<std::optional<double>> all = {system.bootstrap_p, system.randomisation_p};
    const std::optional<double> p = *std::ranges::max_element(all);  // none is less than any
    if (difference == 0 || !p) {
      sentences.push_back(fmt::format("{} and {} are equally good.", system.system, first));
      continue;
    }
    sentences.push_back(
        fmt::format("{} is {:.2f} {} than {}; {} (p={:.4f}).", system.system, std::abs(difference),
                    difference > 0 ? "better" : "worse", first,
                    *p < kSignificant ? "chance alone hardly makes such a difference" : "that may be chance", *p));
  }
  return sentences;
}

std::string perplexities(const Comparison& comparison) {
  std::vector<std::string> all;
  for (size_t i = 0; i < comparison.systems.size(); ++i) {
    const ComparedSystem& system = comparison.systems[i];
    if (system.cross_entropy)
      all.push_back(fmt::format("{} {:.3f} a {}", letter_of(i), std::exp(*system.cross_entropy), system.unit));
  }
  if (all.empty()) return "";
  return fmt::format("perplexity: {}{}", join_words(all, ", "),
                     comparison.same_units ? "; less is better"
                                           : "; not to be compared, since the models do not write the same words");
}

std::string tally(const Comparison& comparison) {
  std::vector<std::string> all;
  for (size_t i = 0; i < comparison.best.size(); ++i)
    all.push_back(fmt::format("{} in {}", letter_of(i), comparison.best[i]));
  return fmt::format("Of {} sentences {} are translated alike. By the {} of a sentence, the best alone is {}.",
                     comparison.test.references.size(), comparison.identical, comparison.sentence_metric,
                     join_words(all, ", "));
}

}
