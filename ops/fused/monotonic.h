#pragma once

#include "autograd/tape.h"

/// Attention that goes over the source once, from left to right, and stops where it likes: a position is reached if all
/// between the last stop and it were passed over. In training stops are probabilities, and what comes out is expected
/// over all ways to stop; with probabilities of 0 and 1 it is the one way that is gone when translating.
///
/// Positions beyond a length are neither read nor attended to, whatever they hold.

namespace gradus::inline GRADUS_PRECISION {

/// The probability that the i-th word stops at each position j (Raffel et al. 2017, eq. 13 and 14):
///     α_ij = p_ij q_ij        q_ij = (1 - p_i,j-1) q_i,j-1 + α_i-1,j        q_i0 = α_i-1,0
/// q_ij is the probability that the word comes to look at position j. They compute α by sums and products of the whole
/// row at once, p cumprod(1 - p) cumsum(α_i-1 / cumprod(1 - p)) (their appendix C.1), which is faster on a GPU and
/// divides by what may be 0; the recurrence divides by nothing.
///
/// p: (N, S) in [0, 1], previous: α_i-1, (N, S), lengths: (N or more) -> (N, S); a row sums to at most 1, since a word
/// may stop nowhere
Tensor monotonic_alignment(Tensor p, Tensor previous, std::span<const int> lengths);

/// The weights of chunks of `chunk` positions that end where a word stops (Chiu and Raffel 2018, MoChA):
///     β_ij = Σ_k α_ik exp(u_ij) / Σ_l exp(u_il)        k from j to j + w - 1, l from k - w + 1 to k
/// Each chunk is a softmax of its own. Their moving sums, of exp(u) over the whole row, would be w times as fast and
/// give 0/0 in a chunk whose energies are all far below the largest of the row.
///
/// alignment: α, (N, S), energies: u, (N, S), -inf where a position is masked, lengths: (N or more) -> (N, S)
Tensor chunkwise_weights(Tensor alignment, Tensor energies, int chunk, std::span<const int> lengths);

/// The twins, out of basic ops.
namespace unfused {
Tensor monotonic_alignment(Tensor p, Tensor previous, std::span<const int> lengths);
Tensor chunkwise_weights(Tensor alignment, Tensor energies, int chunk, std::span<const int> lengths);
}

}
