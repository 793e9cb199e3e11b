#pragma once

#include <span>
#include <vector>

#include "autograd/real.h"
#include "examples/translate/search/search_options.h"

namespace gradus::translate {

/// A translation, or the beginning of one.
struct Hypothesis {
  std::vector<int> words;            ///< without </s>
  double log_probability = 0;        ///< log P(words | source), and of </s> once it has ended
  double score = 0;                  ///< what ended hypotheses are compared by; see `final_score`
  std::vector<Real> attention = {};  ///< (words + 1, S) row-major, </s> last on both axes; empty unless asked for
  /// (words + 1), </s> last: of how many words of the source, </s> among them, each was made; empty unless asked for
  std::vector<int> delays = {};
};

/// The best translations of a sentence, the best first; at least one.
using NBest = std::vector<Hypothesis>;

/// What log P is divided by for a hypothesis of that many words, </s> among them.
double length_penalty(const SearchOptions& options, int length);

/// Σ_j log(min(Σ_i α_ij, 1)) over the words j of the source, without its </s> (Wu et al. 2016, eq. 14): 0 if every word
/// was attended to once in all, less for those that were passed over. A departure: no word counts less than log(1e-9),
/// so that a weight of 0 does not rule a hypothesis out.   attention: (rows, source_length)
double coverage(std::span<const Real> attention, int source_length);

/// log P / length_penalty + β coverage, of an ended hypothesis.
double final_score(const SearchOptions& options, const Hypothesis& ended, int source_length);

/// A bound of the final scores that an open hypothesis can still reach: no further word costs anything, the length is
/// the one with the best penalty, and all of the source gets covered. Log-probabilities are never positive and the
/// penalties grow with the length, so the best length is the greatest.
double best_possible_score(const SearchOptions& options, const Hypothesis& open, const LengthLimits& limits);

}
