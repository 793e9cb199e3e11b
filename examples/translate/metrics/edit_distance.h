#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::translate {

/// How the words of a hypothesis stand to those of a reference.
struct WordAlignment {
  std::vector<ptrdiff_t> position;  ///< of each reference word, its own in the hypothesis or the one before; -1 if none
  std::vector<bool> hypothesis_error, reference_error;  ///< words that are not equal to their counterpart, or have none
};

/// Edit distance of words (Levenshtein 1966) from many hypotheses of one length to one reference. Only cells near the
/// diagonal are looked at, 25 to each side as in Tercom, and what a hypothesis begins with like the last one did is not
/// computed again.
class EditDistance {
 public:
  EditDistance(std::u32string_view reference, size_t hypothesis_length);

  /// The insertions, deletions and substitutions that turn the hypothesis into the reference.
  size_t operator()(std::u32string_view hypothesis);

  /// The alignment of the last hypothesis.
  WordAlignment alignment() const;

 private:
  enum class Edit : char { kNone, kKeep, kSubstitute, kDelete, kInsert };
  struct Cell {
    size_t cost;
    Edit edit;
  };

  Cell& cell(size_t i, size_t j) { return cells_[i * (reference_.size() + 1) + j]; }
  const Cell& cell(size_t i, size_t j) const { return cells_[i * (reference_.size() + 1) + j]; }
  void compute_row(size_t i);

  std::u32string reference_, hypothesis_;
  double length_ratio_;      // words of the reference for a word of the hypothesis
  size_t beam_;              // cells to look at on each side of the diagonal
  std::vector<Cell> cells_;  // (hypothesis length + 1, reference length + 1): cost of prefixes
  size_t rows_ready_ = 0;    // rows after the first that hold for hypothesis_
};

}
