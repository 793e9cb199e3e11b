#include "ops/weight_product.h"

#include "ops/packed_matrix.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// One way in which a parameter is used on a tape. Its node's cache is a list of them.
struct WeightUse {
  Transpose transpose;
  int first_col, cols;
  const PackedMatrix* packed;  // null until the second product
  WeightUse* next;
};

/// The packed factor op(V): (k, n), if it is worth while: from the second use on. Null until then.
const PackedMatrix* packed_factor(Transpose transpose, Tensor weight, int first_col, int cols, int k, int n) {
  Node& node = weight.node();
  if (node.leaf == nullptr) return nullptr;
  for (auto* use = static_cast<WeightUse*>(node.cache); use != nullptr; use = use->next) {
    if (use->transpose != transpose || use->first_col != first_col || use->cols != cols) continue;
    if (use->packed == nullptr) {
      Tape& tape = Tape::active();
      Real* const memory = tape.allocate(PackedMatrix::memory_size(k, n));
      use->packed = new (tape.allocate<PackedMatrix>(1))
          PackedMatrix(transpose, k, n, node.value + first_col, weight.dim(1), memory);
    }
    return use->packed;
  }
  auto* const next = static_cast<WeightUse*>(node.cache);
  node.cache = new (Tape::active().allocate<WeightUse>(1)) WeightUse{transpose, first_col, cols, nullptr, next};
  return nullptr;
}

}

void add_weight_product(Transpose transpose, Tensor weight, int first_col, int cols, int rows, const Real* a, Real* c) {
  const int out = weight.dim(0), k = transpose == T ? cols : out, n = transpose == T ? out : cols;
  if (rows == 0) return;
  if (const PackedMatrix* packed = packed_factor(transpose, weight, first_col, cols, k, n)) {
    packed->add_product(rows, a, k, c, n);
  } else {
    gemm(N, transpose, rows, n, k, 1, a, k, weight.value().data + first_col, weight.dim(1), 1, c, n);
  }
}

}
