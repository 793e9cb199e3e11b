#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/translate/metrics/test_text.h"
#include "examples/translate/report/score_report.h"

namespace gradus::translate {

/// A model, or a file of translations, and what it made of the test text.
struct ComparedSystem {
  std::string name;
  std::vector<std::string> translations;
  std::optional<double> cross_entropy = {};  ///< of a model: of its test text, in nats a unit
  const char* unit = "";                     ///< `word` or `subword`
};

/// A sentence of the test text, by its index there.
struct ComparedSentence {
  size_t index;
  std::vector<double> scores;  ///< one a system

  /// How far the scores are apart.
  double spread() const;
};

/// How systems differ on a test text. They go by letters, A for the first one.
struct Comparison {
  std::vector<ComparedSystem> systems;
  TestText test;
  std::vector<MetricReport> reports;  ///< one a metric, with tests of the differences to the first system
  bool same_units = true;             ///< the cross-entropies are of the same words, and can be compared

  std::string sentence_metric;              ///< what single sentences are scored by: the first of the metrics
  std::vector<ComparedSentence> sentences;  ///< those that differ most in it, the most first
  size_t identical = 0;                     ///< sentences of which all translations are the same
  std::vector<size_t> best;                 ///< of each system, in how many sentences it alone scores best
};

/// `A`, `B`, …
std::string letter_of(size_t system);
inline constexpr int kMostSystems = 26;

/// Compares two systems or more by the metrics of the options, and keeps at most `sentences` sentences.
Comparison compare(std::vector<ComparedSystem> systems, TestText test, const MetricOptions& options, size_t sentences);

/// A sentence for each metric and each system but the first: which of the two is better, and whether the tests take
/// chance for the reason.
std::vector<std::string> verdicts(const MetricReport& report);

/// The perplexities in a line, and whether they can be compared; empty if no system has any.
std::string perplexities(const Comparison& comparison);

/// In how many sentences which system is best, in words.
std::string tally(const Comparison& comparison);

}
