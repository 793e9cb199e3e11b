#pragma once

#include <vector>

namespace gradus::translate {

/// What a beam search tried for one sentence, and what became of it: for those who want to see a search, not only what
/// it found.
struct SearchTree {
  enum class Fate {
    Kept,      ///< an open hypothesis of the next beam
    Ended,     ///< ended by </s>, with its final score
    Pruned,    ///< not among the likeliest of its step
    Hopeless,  ///< nothing that came of it could have won any more (StopRule::Exact)
  };
  /// A hypothesis that was looked at: another one and one more word.
  struct Node {
    int parent;              ///< its number in `nodes`; -1 for <s> alone
    int step;                ///< from 0
    int word;                ///< its last word
    double log_probability;  ///< of all its words
    Fate fate;
    double score = 0;  ///< of one that ended; see `final_score`
  };

  std::vector<Node> nodes;  ///< step by step, in each the likeliest first: at most twice as many as the beam holds
  int best = -1;            ///< the hypothesis that won
};

}
