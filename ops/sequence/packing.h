#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// How a batch of sequences of unequal length lies in a matrix with no padding: time by time, the longest sequence
/// first. With lengths (3, 2, 2) the rows are  a₀ b₀ c₀ | a₁ b₁ c₁ | a₂:  step t holds the `alive(t)` sequences longer
/// than t, in rows [offset(t), offset(t) + alive(t)). What PyTorch calls a packed sequence.
class Packing {
 public:
  /// `lengths` must not increase and be at least 1. The packing lives as long as the active tape.
  explicit Packing(std::span<const int> lengths);

  int batch() const { return static_cast<int>(lengths_.size()); }             ///< B
  int steps() const { return static_cast<int>(offsets_.size()) - 1; }         ///< the longest length
  int rows() const { return offsets_.back(); }                                ///< the sum of all lengths
  int alive(int t) const { return offset(t + 1) - offset(t); }                ///< how many sequences are longer than t
  int offset(int t) const { return offsets_[std::size_t(t)]; }                ///< the first row of step t
  int length(int sequence) const { return lengths_[std::size_t(sequence)]; }  ///< how many steps a sequence has
  std::span<const int> lengths() const { return lengths_; }                   ///< (B), of all
  /// The row of step t of a sequence.
  int row(int sequence, int t) const { return offset(t) + sequence; }

 private:
  std::span<const int> lengths_;
  std::span<const int> offsets_;  // one more than there are steps
};

/// Packs padded sequences: takes the rows that are not padding.   x: (B, S, D) -> (rows, D)
Tensor pack(Tensor x, const Packing& packing);

/// The reverse, with zeros for padding, and with the sequences in a given order: sequence i of the result is sequence
/// order[i] of the packing (the same order, if `order` is empty).   x: (rows, D) -> (B, S, D)
Tensor unpack(Tensor x, const Packing& packing, std::span<const int> order = {});

}
