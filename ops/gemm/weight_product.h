#pragma once

#include "autograd/seam.h"
#include "autograd/tape.h"
#include "ops/gemm/blas.h"

namespace gradus::inline GRADUS_PRECISION {

/// c += a Vᵀ or, without the transposition, c += a V, where V = W[:, first_col : first_col + cols] are columns of a
/// weight; a and c are contiguous and have `rows` rows. If a row is given, every row of c begins as that, and what c
/// held before does not count.
///
/// A recurrent layer multiplies few rows with the same weight at every step. The second such product with a parameter
/// on one tape packs it (see packed_matrix.h), for itself and all that follow.
void add_weight_product(Transpose transpose, Tensor weight, int first_col, int cols, int rows, const Real* a, Real* c,
                        const Real* row = nullptr);

/// Says that the rows of a tensor are those of a table: what `embedding` attaches to its output on a tape that only
/// infers.
struct Lookup : Attachment {
  Lookup(Leaf& of, std::span<const int> rows) : Attachment(typeid(Lookup)), table(of), ids(rows) {}
  Leaf& table;
  std::span<const int> ids;
};

/// c += x Vᵀ or c = row + x Vᵀ, as above. If x was looked up in a table, and both the table and the weight are held
/// (packed_weights.h), the rows' products are kept for the next time.   x: (rows, cols)
void add_linear_term(Tensor x, Tensor weight, int first_col, Real* c, const Real* row = nullptr);

}
