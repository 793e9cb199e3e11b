#pragma once

#include "ops/reduce.h"

/// Losses by PyTorch's names. `input` and `target` broadcast, both get gradients, and a reduction says what becomes of
/// the losses of all numbers; a mean over none is an error.

namespace gradus::inline GRADUS_PRECISION {

/// (input - target)².
Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction::Mean);
/// |input - target|. The gradient where they are equal is 0.
Tensor l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction::Mean);
/// d²/2 where |d| <= delta, delta (|d| - delta/2) elsewhere, for d = input - target (Huber 1964); delta > 0.
Tensor huber_loss(Tensor input, Tensor target, Real delta = 1, Reduction reduction = Reduction::Mean);
/// huber_loss / beta (Girshick 2015, eq. 3); with beta 0, l1_loss.
Tensor smooth_l1_loss(Tensor input, Tensor target, Real beta = 1, Reduction reduction = Reduction::Mean);

/// What a binary cross-entropy counts, and how.
struct BinaryCrossEntropyOptions {
  Tensor weight = {};                     ///< of each loss: broadcasts to the losses, or an empty handle for 1
  Tensor pos_weight = {};                 ///< of the first term, that of the positives, as `weight`; for logits only
  Reduction reduction = Reduction::Mean;  ///< of the losses
};

/// -(t log σ(x) + (1 - t) log(1 - σ(x))) of logits x and targets t, usually in [0, 1].
/// Right for logits of any size: there is no logarithm of a number that was rounded to 0 or 1.
Tensor binary_cross_entropy_with_logits(Tensor input, Tensor target, const BinaryCrossEntropyOptions& options = {});
/// -(t log p + (1 - t) log(1 - p)) of probabilities p, in [0, 1], and targets t. As in PyTorch, no logarithm is below
/// -100, and the gradient's denominator p (1 - p) is not below 1e-12, so that 0 and 1 have finite losses and gradients.
Tensor binary_cross_entropy(Tensor input, Tensor target, const BinaryCrossEntropyOptions& options = {});

/// How far a target is from an input that holds log-probabilities: t (log t - input), and 0 where t = 0 (Kullback,
/// Leibler 1951). With `log_target` the target holds log-probabilities, too. The divergence of N distributions is the
/// sum divided by N (PyTorch's `batchmean`), not the mean over all numbers.
Tensor kl_divergence(Tensor input, Tensor target, Reduction reduction = Reduction::Mean, bool log_target = false);

/// What a negative log-likelihood counts, and how.
struct NllOptions {
  Tensor weight = {};                     ///< (C): of each class; an empty handle for 1
  int ignored = -100;                     ///< targets of this number count for nothing (PyTorch's ignore_index)
  Reduction reduction = Reduction::Mean;  ///< of the losses
};

/// The negative log-likelihood -weight[t] input[n, t, …] of the targets t, one for each place of all axes but that of
/// the classes.   input: log-probabilities (N, C), (C), or (N, C, d1, …); targets: N · d1 · …, in the order of (N, d1,
/// …) The mean is that of PyTorch: the sum divided by the sum of the targets' weights, 0 if all targets are ignored.
/// Without reduction -> (N, d1, …).
Tensor nll_loss(Tensor input, std::span<const int> targets, const NllOptions& options = {});

/// Rows with a 1 at the index and zeros elsewhere; not differentiable.   index: (N) -> (N, classes)
/// Throws for an index outside of [0, classes). With -1 as the number of classes it is that of the largest index + 1.
Tensor one_hot(std::span<const int> index, int classes = -1);

}
