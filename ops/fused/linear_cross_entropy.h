#pragma once

#include "ops/cross_entropy.h"

namespace gradus::inline GRADUS_PRECISION {

/// cross_entropy(linear(x, weight, bias), targets, options) that never holds all the logits: it works through blocks of
/// rows, and computes their gradients in the same pass.   x: (N, K), weight: (V, K), bias: (V), targets: (N) -> ()
Tensor linear_cross_entropy(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets,
                            const CrossEntropyOptions& options = {});

/// R-Drop (Liang et al. 2021, section 2.1): rows 2i and 2i + 1 of x are what two passes with a dropout of their own
/// make of one word, so that both have its target. With P_1 and P_2 the distributions of the two,
///
///     l = -log P_1(y) - log P_2(y) + α (KL(P_1‖P_2) + KL(P_2‖P_1)) / 2
///
/// summed over words and divided as in linear_cross_entropy, which it is with α = 0: by the number of rows, twice that
/// of the words, so that l is counted half. Labels are smoothed in the first two terms alone, which `row_losses` are.
/// x: (N, K), weight: (V, K), bias: (V), targets: (N) -> ()
Tensor linear_r_drop(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets, Real alpha,
                     const CrossEntropyOptions& options = {});

/// The twins, out of basic ops.
namespace unfused {
Tensor linear_cross_entropy(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets,
                            const CrossEntropyOptions& options = {});
Tensor linear_r_drop(Tensor x, Tensor weight, Tensor bias, std::span<const int> targets, Real alpha,
                     const CrossEntropyOptions& options = {});
}

}
