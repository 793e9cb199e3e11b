#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// The point of the probability simplex that is nearest to x, along the last axis (Martins, Astudillo 2016, eq. 2):
///     y_i = max(x_i - τ, 0), with the τ for which Σ_i y_i = 1
/// Unlike softmax it gives probability 0 to what is far below the maximum. Numbers whose mask is 0, or that are -inf,
/// get 0 and no gradient; a row masked as a whole gives zeros. `mask` broadcasts to x.   (…, n) -> (…, n)
Tensor sparsemax(Tensor x);
Tensor sparsemax(Tensor x, Tensor mask);

}
