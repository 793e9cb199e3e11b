#include "ops/gemm/weight_product.h"

#include "ops/gemm/packed_weights.h"
#include "ops/gemm/split_product.h"
#include "ops/kernels/elementwise.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// A use on one tape, attached to the parameter's node.
struct TapeUse : Attachment {
  explicit TapeUse(const WeightUse& use) : Attachment(typeid(TapeUse)), use(use) {}
  WeightUse use;
  const PackedMatrix* packed = nullptr;  // until the second product
};

const PackedMatrix* factor_on_tape(Node& node, const WeightUse& use) {
  Arena& arena = Tape::active().arena();
  for (auto* known = find_attachment<TapeUse>(node.attachments); known; known = find_attachment<TapeUse>(known->next)) {
    if (known->use != use) continue;
    if (known->packed == nullptr) {
      known->packed = arena.make<PackedMatrix>(pack(use, {node.value, node.shape}, arena));
    }
    return known->packed;
  }
  attach(node.attachments, arena.make<TapeUse>(use));
  return nullptr;
}

/// Null if BLAS is to do the product.
const PackedMatrix* packed_factor(Node& node, const WeightUse& use, int rows) {
  if (node.leaf == nullptr) return nullptr;
  if (PackedWeights::holds(*node.leaf)) return PackedWeights::factor(*node.leaf, use, rows);
  return factor_on_tape(node, use);
}

}

void add_weight_product(Transpose transpose, Tensor weight, int first_col, int cols, int rows, const Real* a, Real* c,
                        const Real* row) {
  if (rows == 0) return;
  Node& node = weight.node();
  if (const PackedMatrix* packed = packed_factor(node, {transpose, first_col, cols}, rows)) {
    add_packed_product(*packed, rows, a, c, row);
    return;
  }
  const int out = weight.dim(0), k = transpose == T ? cols : out, n = transpose == T ? out : cols;
  for (int i = 0; row != nullptr && i < rows; ++i) kernels::copy(row, c + static_cast<std::size_t>(i) * n, n);
  gemm(N, transpose, rows, n, k, 1, a, k, node.value + first_col, weight.dim(1), 1, c, n);
}

void add_linear_term(Tensor x, Tensor weight, int first_col, Real* c, const Real* row) {
  const ConstArray a = x.value();
  const int rows = a.rows(), cols = a.cols();
  const auto* const lookup = find_attachment<Lookup>(x.node().attachments);
  if (lookup != nullptr && weight.node().leaf != nullptr) {
    if (auto* products = PackedWeights::row_products(lookup->table, *weight.node().leaf, {T, first_col, cols}, rows)) {
      products->add(lookup->ids, c, row);
      return;
    }
  }
  add_weight_product(T, weight, first_col, cols, rows, a.data, c, row);
}

}
