#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// softmax(x)_i = exp(x_i) / Σ_j exp(x_j) along the last axis.   (…, n) -> (…, n)
Tensor softmax(Tensor x);
/// log softmax(x), computed as x - logsumexp(x).
Tensor log_softmax(Tensor x);

/// The same over those numbers only whose mask is not 0. Masked numbers get probability 0 (log-probability -inf) and no
/// gradient, whatever they are, NaN included. `mask` broadcasts to x; a row masked as a whole gives zeros (-inf).
Tensor softmax(Tensor x, Tensor mask);
Tensor log_softmax(Tensor x, Tensor mask);
/// The mask given by lengths: row i of x counts its first lengths[i] numbers.   x: (N, n), lengths: (N or more)
Tensor softmax(Tensor x, std::span<const int> lengths);

struct CrossEntropyOptions {
  Real label_smoothing = 0;  ///< ε: the target distribution is (1-ε) one-hot + ε/V (Szegedy et al. 2016, section 7)
  int ignored = -100;        ///< rows with this target count for nothing
  Real divisor = 0;          ///< what the sum over the rows is divided by; 0: the number of rows not ignored
  std::span<Real> row_losses = {};  ///< (N): if it is there, receives each row's loss, undivided; 0 for ignored rows

  /// Throws for a value or a target out of its range. Returns how many of the targets are not ignored.
  std::size_t check(const char* op, std::span<const int> targets, int classes) const;
};

/// The cross-entropy of rows of logits with their target classes.   logits: (N, V), targets: (N) -> ()
/// Throws, naming row and value, for a target outside of [0, V) that is not the ignored one.
Tensor cross_entropy(Tensor logits, std::span<const int> targets, const CrossEntropyOptions& options = {});

/// cross_entropy(linear(x, weight, bias), targets, options) that never holds all the logits: it works through blocks of
/// rows, and computes their gradients in the same pass.   x: (N, K), weight: (V, K), bias: (V), targets: (N) -> ()
Tensor linear_cross_entropy(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets,
                            const CrossEntropyOptions& options = {});

}
