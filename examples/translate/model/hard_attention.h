#pragma once

#include <span>

#include "examples/translate/model/decoder.h"

namespace gradus::translate {

/// How hard attention learns (Xu et al. 2015, section 4.1).
struct HardAttentionOptions {
  double reinforce_weight = 1;  ///< λ_r
  double discount = 1;          ///< γ
  double entropy_weight = 0;    ///< λ_e
  double baseline = 0;          ///< b: what a word's loss commonly is, in nats
};

/// A term of the loss for attention that draws its positions: the loss has no gradient by what was drawn, so REINFORCE
/// (Williams 1992) gives an estimate of the gradient of its expectation. For the draws a_t of a sentence with the
/// losses l_t of its words,
///     λ_r Σ_t (Σ_{u ≥ t} γ^(u - t) (l_u - b)) ∇ log p(a_t)   -   λ_e Σ_t ∇ H(p_t)
/// summed over all sentences. The term's value is 0: only its gradient counts. With λ_r = γ = 1 the estimate
/// has no bias; less of either means less noise, which would drown what is learned from the share that goes the way of
/// soft attention (`HardScope`).
///
/// Departures: they take the loss of the whole sentence for each draw; since a draw has no part in the words before it,
/// those only add noise. γ is not theirs, but common with REINFORCE. b is counted by the word, so that it serves
/// sentences of any length. The loss is that of the training, label smoothing included.
///
/// outputs: of each step, as packed; losses: (rows) -> ()
Tensor hard_attention_term(std::span<const StepOutput> outputs, const Packing& packing, std::span<const Real> losses,
                           const HardAttentionOptions& options);

/// b after a step whose words had this loss in the mean: their moving average.
double next_baseline(double baseline, double loss);

}
