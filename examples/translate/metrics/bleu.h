#pragma once

#include <cstdint>
#include <optional>

#include "examples/translate/metrics/metric.h"
#include "examples/translate/metrics/tokenizer.h"

namespace gradus::translate {

/// What becomes of an order of n-grams of which none matches (Chen and Cherry 2014, "A systematic comparison of
/// smoothing techniques for sentence-level BLEU").
enum class Smoothing {
  kExp,    ///< the k-th such order has 1/2ᵏ matches (method 3)
  kFloor,  ///< it has as many matches as the smoothing value says (method 1)
  kAddK,   ///< every order but the first has `value` matches and n-grams more (method 2)
  kNone,   ///< the score is 0
};
template <>
inline constexpr std::array kChoices<Smoothing>{"exp", "floor", "add-k", "none"};

struct BleuOptions {
  Tokenizer tokenizer = Tokenizer::k13a;
  bool lowercase = false;
  Smoothing smoothing = Smoothing::kExp;
  std::optional<double> smoothing_value = {};  ///< for kFloor (0.1 unless given) and kAddK (1 unless given)
  size_t max_order = 4;                        ///< n-grams are counted for n from 1 to here
  bool effective_order = false;                ///< leave out orders for which a text is too short, as for sentences
};

struct BleuScore {
  double score = 0;                ///< 0 to 100
  std::vector<double> precisions;  ///< of the n-grams, n = 1 to max_order, in per cent, smoothed
  double brevity_penalty = 0;      ///< 0 to 1
  int64_t system_length = 0;       ///< words in the hypotheses
  int64_t reference_length = 0;    ///< words in the references nearest in length

  /// `BLEU 36.61 68.2/43.9/29.8/20.1 (brevity penalty 0.981, 11870 words, reference 12103)`
  std::string summary() const;
};

/// BLEU as in Papineni et al. (2002), "BLEU: a method for automatic evaluation of machine translation", with clipped
/// n-gram counts summed over the corpus.
///
/// Statistics of a segment: words of the hypothesis, words of the reference nearest in length, then for every order how
/// many n-grams match, then for every order how many there are.
class Bleu : public Metric {
 public:
  /// Throws Error for a max_order of 0, or a smoothing value that is not above 0 or that the smoothing has no use for.
  explicit Bleu(BleuOptions options = {});

  std::string name() const override { return "BLEU"; }
  std::string settings() const override;
  size_t width() const override { return 2 + 2 * options_.max_order; }
  std::vector<double> statistics(std::string_view hypothesis, std::span<const std::string> references) const override;
  double score(std::span<const double> sums) const override { return details(sums).score; }
  std::string summary(std::span<const double> sums) const override { return details(sums).summary(); }
  std::vector<std::pair<std::string, double>> components(std::span<const double> sums) const override;

  /// Without any match the score is 0, and the precisions are.
  BleuScore details(std::span<const double> sums) const;

 private:
  std::vector<std::string> words(std::string_view line) const;

  BleuOptions options_;
};

/// The score of a corpus with one reference a segment. Throws Error when the two differ in length.
BleuScore corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references,
                      BleuOptions options = {});

}
