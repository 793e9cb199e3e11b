#pragma once

#include <span>
#include <vector>

#include "autograd/tensor.h"

namespace gradus::translate {

/// The scores of all words in each row of a decoder, and what tells which of them are worth a look. It lives on the
/// active tape.
class WordScores {
 public:
  static constexpr int kBlock = 512;  ///< words that are looked at together when the best ones are searched

  struct Row {
    const Real* scores;     ///< of all words
    const Real* block_max;  ///< of each kBlock words
    Real log_sum;           ///< log Σ exp(scores)

    /// log softmax of a score.
    double log_probability(Real score) const { return static_cast<double>(score - log_sum); }
  };

  /// The scores that each model of an ensemble gives the words; the probabilities of several are averaged.
  /// scores: (rows, words) each, of as many rows and words
  explicit WordScores(std::span<const Array> scores);

  int words() const { return words_; }
  const Row& row(int i) const { return rows_[i]; }

 private:
  void add_row(const Real* scores, bool normalised);

  int words_;
  std::vector<Row> rows_;
};

}
