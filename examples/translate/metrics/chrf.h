#pragma once

#include "examples/translate/metrics/metric.h"

namespace gradus::translate {

struct ChrfOptions {
  size_t char_order = 6;  ///< characters are counted in n-grams for n from 1 to here
  size_t word_order = 0;  ///< and words from 1 to here; 2 for chrF++
  size_t beta = 2;        ///< how many times as much recall counts as precision
  bool lowercase = false;
  bool whitespace = false;  ///< count white space among the characters
  bool epsilon = false;     ///< an order that is missing counts as 1e-16, as in chrF++.py; else it is left out
};

/// chrF (Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation") and, with words, chrF++ (Popović
/// 2017): precision and recall of n-grams, each averaged over the orders, together in an F-score. Of several references
/// the one counts that gives the segment the best score.
///
/// Statistics of a segment: for every order, characters first, the n-grams of the hypothesis (0 when the reference has
/// none of this order), those of the reference, and those that match.
class Chrf : public Metric {
 public:
  /// Throws Error when there is no order at all, or for a beta of 0.
  explicit Chrf(ChrfOptions options = {});

  /// `chrF2`, `chrF2++`: beta, and a plus for every order of words.
  std::string name() const override;
  std::string settings() const override;
  size_t width() const override { return 3 * (options_.char_order + options_.word_order); }
  std::vector<double> statistics(std::string_view hypothesis, std::span<const std::string> references) const override;
  double score(std::span<const double> sums) const override;
  std::string summary(std::span<const double> sums) const override;
  std::vector<std::pair<std::string, double>> components(std::span<const double> sums) const override;

 private:
  ChrfOptions options_;
};

}
