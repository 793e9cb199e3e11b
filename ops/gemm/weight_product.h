#pragma once

#include "autograd/seam.h"
#include "autograd/tape.h"
#include "ops/gemm/packed_matrix.h"
#include "ops/gemm/thread_pool.h"

namespace gradus::inline GRADUS_PRECISION {

/// c += a Vᵀ or, without the transposition, c += a V, where V = W[:, first_col : first_col + cols] are columns of a
/// weight; a and c are contiguous and have `rows` rows. If a row is given, every row of c begins as that, and what c
/// held before does not count.
///
/// A recurrent layer multiplies few rows with the same weight at every step. The second such product with a parameter
/// on one tape packs it (see packed_matrix.h), for itself and all that follow.
void add_weight_product(Transpose transpose, Tensor weight, int first_col, int cols, int rows, const Real* a, Real* c,
                        const Real* row = nullptr);

/// c += a b or, if a row is given, c = row + a b.   a: (rows, k), b: (k, n), c: (rows, n), row: (n)
void add_packed_product(const PackedMatrix& b, int rows, const Real* a, Real* c, const Real* row = nullptr);

/// Says that the rows of a tensor are those of a table: what `embedding` attaches to its output on a tape that only
/// infers.
struct Lookup : Attachment {
  Lookup(Leaf& table, std::span<const int> ids) : Attachment(typeid(Lookup)), table(table), ids(ids) {}
  Leaf& table;
  std::span<const int> ids;
};

/// c += x Vᵀ or c = row + x Vᵀ, as above. If x was looked up in a table, and both the table and the weight are held
/// (packed_weights.h), the rows' products are kept for the next time.   x: (rows, cols)
void add_linear_term(Tensor x, Tensor weight, int first_col, Real* c, const Real* row = nullptr);

/// While it lives, products of this thread with packed weights are shared between the threads of a pool, each of which
/// computes some columns. With few rows such a product hardly does more than read the weights, and two cores read them
/// nearly twice as fast as one. The bits of the result stay the same.
class SplitProducts {
 public:
  explicit SplitProducts(ThreadPool& pool);
  ~SplitProducts();
  SplitProducts(const SplitProducts&) = delete;
  SplitProducts& operator=(const SplitProducts&) = delete;

 private:
  ThreadPool* outer_;
};

}
