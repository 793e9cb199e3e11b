#pragma once

#include "autograd/tape.h"
#include "ops/blas.h"

namespace gradus::inline GRADUS_PRECISION {

/// c += a Vᵀ or, without the transposition, c += a V, where V = W[:, first_col : first_col + cols] are columns of a
/// weight; a and c are contiguous and have `rows` rows.
///
/// A recurrent layer multiplies few rows with the same weight at every step. The second such product with a parameter
/// on one tape packs it (see packed_matrix.h), for itself and all that follow.
void add_weight_product(Transpose transpose, Tensor weight, int first_col, int cols, int rows, const Real* a, Real* c);

}
