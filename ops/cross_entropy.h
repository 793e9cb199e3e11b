#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

struct CrossEntropyOptions {
  Real label_smoothing = 0;  ///< ε: the target distribution is (1-ε) one-hot + ε/V (Szegedy et al. 2016, section 7)
  int ignored = -100;        ///< rows with this target count for nothing
  Real divisor = 0;          ///< what the sum over the rows is divided by; 0: the number of rows not ignored
  std::span<Real> row_losses = {};  ///< (N): if it is there, receives each row's loss, undivided; 0 for ignored rows

  /// Throws for a value or a target out of its range. Returns how many of the targets are not ignored.
  std::size_t check(const char* op, std::span<const int> targets, int classes) const;
};

/// The cross-entropy of rows of logits with their target classes.   logits: (N, V), targets: (N) -> ()
/// A logit of -inf is masked, as in softmax: a row whose target is masked has loss +inf, and a row of -inf only has no
/// gradient. Throws, naming row and value, for a target outside of [0, V) that is not the ignored one.
Tensor cross_entropy(Tensor logits, std::span<const int> targets, const CrossEntropyOptions& options = {});

}
