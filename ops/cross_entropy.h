#pragma once

#include "ops/reduce.h"

namespace gradus::inline GRADUS_PRECISION {

/// What a cross-entropy counts, and how.
struct CrossEntropyOptions {
  Real label_smoothing = 0;  ///< ε: the target distribution is (1-ε) one-hot + ε/V (Szegedy et al. 2016, section 7)
  int ignored = -100;        ///< rows with this target count for nothing
  Real divisor = 0;          ///< what the sum over the rows is divided by; 0: the number of rows not ignored
  std::span<Real> row_losses = {};  ///< (N): if it is there, receives each row's loss, undivided; 0 for ignored rows
  Tensor weight = {};  ///< (V): of each class, which its terms of the loss are multiplied by; an empty handle for 1
  Reduction reduction = Reduction::Mean;  ///< with None the losses are (N, d1, …)

  /// Throws for a value or a target out of its range. Returns how many of the targets are not ignored.
  std::size_t check(const char* op, std::span<const int> targets, int classes) const;
};

/// The cross-entropy of logits with their target classes.   logits: (N, V), targets: (N) -> ()
/// Also of one place, (V), and of several axes behind the classes, (N, V, d1, …), with N · d1 · … targets in the order
/// of (N, d1, …). The mean divides by the sum of the targets' weights, as PyTorch's; 0 if all are ignored. A logit of
/// -inf is masked, as in softmax: a row whose target is masked has loss +inf, and a row of -inf only has no gradient.
/// Throws, naming row and value, for a target outside of [0, V) that is not the ignored one.
Tensor cross_entropy(Tensor logits, std::span<const int> targets, const CrossEntropyOptions& options = {});

/// The cross-entropy of logits with target distributions q of their shape, which get a gradient, too:
/// -Σ_c weight_c q_c log softmax(logits)_c. The mean is over the N · d1 · … places; none is ignored.
Tensor cross_entropy(Tensor logits, Tensor targets, const CrossEntropyOptions& options = {});

namespace detail {

/// A shape (N, C, d1, …), or (C), seen as C numbers for each of N · d1 · … places.
struct ClassAxis {
  /// Throws, naming op and tensor, unless there is such an axis; `targets` must be as many as the places.
  ClassAxis(const char* op, const char* name, const Shape& shape, std::size_t targets);
  explicit ClassAxis(const Shape& shape);

  /// Where the number of class c at a place is.
  std::size_t place(std::size_t i, int c) const {
    return (i / inner * std::size_t(C) + std::size_t(c)) * inner + i % inner;
  }

  int C;
  std::size_t inner;  ///< d1 · …, the distance between classes
  Shape rest;         ///< (N, d1, …)
};

/// Throws unless the optional weights are constant and (C).
void require_class_weights(const char* op, Tensor weight, int classes);

}

}
