#include "ops/sequence/embedding.h"

#include <algorithm>

#include "autograd/gather.h"
#include "ops/gemm/weight_product.h"
#include "ops/kernels/reduction.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// Contribution::Add for lookups: dW[index[i]] += right[i], for those rows that are asked for.
void add_lookups(Array grad, int row_begin, int row_end, std::span<const Contribution> lookups) {
  for (const Contribution& lookup : lookups) {
    kernels::scatter_rows(lookup.right, lookup.right_stride, lookup.index, lookup.count, row_begin, row_end,
                          lookup.cols, grad.data);
  }
}

}

Tensor embedding(Tensor weight, std::span<const int> ids, std::optional<int> padding_idx) {
  if (weight.rank() != 2) fail("embedding: weight is no table: weight is {}; need (V, E)", weight.shape());
  const int V = weight.dim(0), E = weight.dim(1), count = static_cast<int>(ids.size());
  for (int i = 0; i < count; ++i) {
    if (ids[i] < 0 || ids[i] >= V) {
      fail("embedding: no such row: ids[{}] is {}, weight is {}; need 0 <= id < {}", i, ids[i], weight.shape(), V);
    }
  }
  if (padding_idx && (*padding_idx < -V || *padding_idx >= V)) {
    fail("embedding: no such row: padding_idx is {}, weight is {}; need {} <= padding_idx < {}", *padding_idx,
         weight.shape(), -V, V);
  }
  const int padding = padding_idx.value_or(0) + (padding_idx.value_or(0) < 0 ? V : 0);
  Tensor y = output({count, E}, {weight});
  for (int i = 0; i < count; ++i) {
    std::copy_n(weight.value().row(ids[i]), E, y.value().row(i));
  }
  Tape& tape = Tape::active();
  ids = tape.arena().copy(ids);
  if (tape.mode() == Tape::Inference && weight.node().leaf != nullptr) {
    attach(y.node().attachments, tape.arena().make<Lookup>(*weight.node().leaf, ids));
  }
  if (padding_idx) {  // rows of -1 are nobody's
    ids = tape.arena().make_array(ids.size(), [&](std::size_t i) { return ids[i] == padding ? -1 : ids[i]; });
  }
  record("embedding", y, [=] {  // dW[ids[i]] += dy[i]
    contribute(weight, {.add = add_lookups,
                        .right = kept_grad(y).data,
                        .index = ids.data(),
                        .right_stride = E,
                        .count = count,
                        .cols = E});
  });
  return y;
}

}
