#pragma once

#include "examples/translate/metrics/metric.h"
#include "examples/translate/metrics/tokenizer.h"

namespace gradus::translate {

/// The edits that turn words into those of a reference: insertions, deletions and substitutions of a word, and shifts
/// of several words at once. The number with the fewest shifts and edits is hard to find, so shifts are chosen
/// greedily, as the program Tercom does within its limits: at most 10 words, at most 50 words far.
size_t translation_edits(std::u32string hypothesis, std::u32string_view reference);

/// Translation edit rate (Snover et al. 2006, "A study of translation edit rate with targeted human annotation"): edits
/// for a hundred words of the reference; less is better. Of several references the one with the fewest edits counts,
/// but the words are the average of all. References are normalised twice, as sacreBLEU does it.
///
/// Statistics of a segment: edits, and words of the reference.
class Ter : public Metric {
 public:
  explicit Ter(TercomOptions options = {}) : options_(options) {}

  std::string name() const override { return "TER"; }
  bool lower_is_better() const override { return true; }
  std::string settings() const override;
  size_t width() const override { return 2; }
  std::vector<double> statistics(std::string_view hypothesis, std::span<const std::string> references) const override;
  double score(std::span<const double> sums) const override;
  std::string summary(std::span<const double> sums) const override;
  std::vector<std::pair<std::string, double>> components(std::span<const double> sums) const override;

 private:
  TercomOptions options_;
};

}
