#pragma once

#include "ops/gemm/packed_matrix.h"

namespace gradus::inline GRADUS_PRECISION {

class ThreadPool;

/// c += a b or, if a row is given, c = row + a b.   a: (rows, k), b: (k, n), c: (rows, n), row: (n)
void add_packed_product(const PackedMatrix& b, int rows, const Real* a, Real* c, const Real* row = nullptr);

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
