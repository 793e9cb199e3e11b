#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// softmax(x)_i = exp(x_i) / Σ_j exp(x_j) along the last axis.   (…, n) -> (…, n)
///
/// Numbers that are -inf are masked: they get probability 0 and no gradient, whatever the others are. So a row of -inf
/// only gives zeros, in log_softmax -inf, and in cross_entropy +inf, where PyTorch gives NaN; all other numbers of a
/// row that holds NaN or +inf become NaN.
Tensor softmax(Tensor x);
/// log softmax(x), computed as (x - max x) - log Σ exp(x - max x).
Tensor log_softmax(Tensor x);

/// softmax and log softmax along another axis.   (…, n, …) -> (…, n, …)
Tensor softmax(Tensor x, int axis);
Tensor log_softmax(Tensor x, int axis);

/// softmax and log softmax over those numbers only whose mask is not 0. Masked numbers get probability 0
/// (log-probability -inf) and no gradient, whatever they or the others are, NaN included. `mask` broadcasts to x; a row
/// masked as a whole gives zeros (-inf).
Tensor softmax(Tensor x, Tensor mask);
Tensor log_softmax(Tensor x, Tensor mask);
/// The mask given by lengths: row i of x counts its first lengths[i] numbers.   x: (N, n), lengths: (N or more)
Tensor softmax(Tensor x, std::span<const int> lengths);

}
