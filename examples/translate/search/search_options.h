#pragma once

#include <algorithm>
#include <cstdint>

#include "examples/translate/base/choices.h"

namespace gradus::translate {

/// When the beam search of a sentence is over. A beam of one always is when its hypothesis ends.
enum class StopRule {
  Exact,  ///< when no open hypothesis can still become one of the n best, whatever its next words are
  First,  ///< when as many hypotheses have ended as the beam has: faster, and may miss a better one that is longer
};
template <>
inline constexpr std::array kChoices<StopRule>{"exact", "first"};

/// What log P(y | x) is divided by, so that long hypotheses have a chance. |y| counts the words and </s>.
enum class LengthPenalty {
  Power,  ///< |y|^alpha
  Wu,     ///< ((5 + |y|) / 6)^alpha (Wu et al. 2016, eq. 14)
};
template <>
inline constexpr std::array kChoices<LengthPenalty>{"power", "wu"};

/// Words are drawn from softmax(scores / temperature), cut to its likeliest words.
struct SamplingOptions {
  double temperature = 1;  ///< above 0; below 1 likely words become likelier
  int top_k = 0;           ///< only the k likeliest words; 0 for all (Fan et al. 2018)
  double top_p = 1;        ///< only the fewest words that have this probability together (Holtzman et al. 2020)
  std::uint64_t seed = 1;  ///< a draw depends on this, on the source's line, the sample and the step, on nothing else
};

inline constexpr int kUsualLength = 100;  ///< words of a translation, at most

/// How translations are searched, and which.
struct SearchOptions {
  int beam = 5;    ///< hypotheses kept per sentence; 1 is greedy search
  int n_best = 1;  ///< translations per sentence: at most `beam` in a beam search, any number of samples
  StopRule stop = StopRule::Exact;

  int min_length = 0;  ///< words, without </s>
  /// Words, without </s>, at most; a hypothesis of this many can only end. 0: `kUsualLength`, or as many words as the
  /// sentences that the models learned from may have, if these are more.
  int max_length = 0;
  double min_length_ratio = 0;  ///< words a word of the source, rounded up
  double max_length_ratio =
      0;                    ///< the same; 0 for no limit. The narrower limit holds, and the maximum before the minimum
  int no_repeat_ngram = 0;  ///< no n words in a row come twice; 0 to allow it
  bool unknown = false;     ///< whether <unk> may be generated

  LengthPenalty length_penalty = LengthPenalty::Power;
  double length_power = 0.6;    ///< alpha of the length penalty, at least 0; 0 compares by log P(y | x)
  double coverage_penalty = 0;  ///< beta, at least 0, of Wu et al. 2016, eq. 14: hypothesis.h

  bool sample = false;  ///< draw translations at random instead of searching
  SamplingOptions sampling = {};
  bool attention = false;  ///< whether hypotheses keep their attention weights
  bool delays = false;     ///< whether hypotheses keep how much of the source was read for each word

  /// `max_length`, or what 0 stands for when models have learned from sentences of at most `learned` words.
  int longest(int learned = 0) const {
    return max_length > 0 ? max_length : std::max({kUsualLength, min_length, learned});
  }
  bool needs_attention() const { return attention || coverage_penalty > 0; }
};

/// How many words a translation may have, without </s>.
struct LengthLimits {
  int min = 0, max = 0;
};
LengthLimits length_limits(const SearchOptions& options, int source_words);

}
