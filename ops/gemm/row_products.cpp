#include "ops/gemm/row_products.h"

#include <algorithm>
#include <new>

#include "autograd/scratch.h"
#include "ops/gemm/split_product.h"
#include "ops/kernels/elementwise.h"

namespace gradus::inline GRADUS_PRECISION {

RowProducts::RowProducts(Leaf& table, const PackedMatrix& weight, Arena& memory, std::mutex& mutex)
    : table_(table),
      weight_(weight),
      memory_(memory),
      mutex_(mutex),
      kept_(memory.allocate<std::atomic<const Real*>>(table.rows())) {
  for (int id = 0; id < table.rows(); ++id) new (&kept_[id]) std::atomic<const Real*>(nullptr);
}

void RowProducts::add(std::span<const int> ids, Real* c, const Real* row) {
  const std::size_t k = weight_.rows(), n = weight_.cols();
  Scratch scratch;
  const Real** const products = scratch.allocate<const Real*>(ids.size());
  int* const missing = scratch.allocate<int>(ids.size());
  int missing_count = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    products[i] = kept_[ids[i]].load(std::memory_order_acquire);
    if (products[i] == nullptr) missing[missing_count++] = ids[i];
  }
  if (missing_count > 0) {
    Real* const rows = scratch.allocate(missing_count * k);
    Real* const made = scratch.allocate(missing_count * n);
    for (int i = 0; i < missing_count; ++i) kernels::copy(table_.value().data + missing[i] * k, rows + i * k, k);
    kernels::fill(0, made, missing_count * n);
    add_packed_product(weight_, missing_count, rows, made);
    keep({missing, std::size_t(missing_count)}, made);
    for (std::size_t i = 0, next = 0; i < ids.size(); ++i) {
      if (products[i] == nullptr) products[i] = made + next++ * n;
    }
  }
  for (std::size_t i = 0; i < ids.size(); ++i) kernels::add(row ? row : c + i * n, products[i], c + i * n, n);
}

void RowProducts::keep(std::span<const int> ids, const Real* products) {
  const std::size_t n = weight_.cols();
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (kept_[ids[i]].load(std::memory_order_relaxed) != nullptr)
      continue;  // twice in ids, or another thread was faster
    if (kept_numbers_ + n > kMaxKept) return;
    kept_numbers_ += n;
    Real* const product = memory_.allocate(n);
    kernels::copy(products + i * n, product, n);
    kept_[ids[i]].store(product, std::memory_order_release);
  }
}

}
