#include "ops/gemm/weight_product.h"

#include <utility>

#include "ops/kernels/kernels.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

using Use = PackedWeights::Use;

thread_local ThreadPool* split_pool = nullptr;
constexpr std::size_t kWorthSplitting = 65536;  // weights; fewer are read before another thread takes notice

/// The right factor of a product: Vᵀ is (cols, out), V is (out, cols).
struct Size {
  int k, n;
};

Size size_of(const Use& use, const Array& weight) {
  return use.transpose == T ? Size{use.cols, weight.rows()} : Size{weight.rows(), use.cols};
}

std::size_t packed_size(const Use& use, const Array& weight) {
  const auto [k, n] = size_of(use, weight);
  return PackedMatrix::memory_size(k, n);
}

PackedMatrix pack(const Use& use, const Array& weight, Real* memory) {
  const auto [k, n] = size_of(use, weight);
  return {use.transpose, k, n, weight.data + use.first_col, weight.cols(), memory};
}

/// The item of a list that `matches`. If there is none, one thread makes it, under the mutex, and puts it in front;
/// finding takes no lock.
template <class Item, class Matches, class Make>
Item* find_or_add(std::atomic<Item*>& first, std::mutex& mutex, Matches matches, Make make) {
  const auto find = [&] {
    Item* item = first.load(std::memory_order_acquire);
    while (item != nullptr && !matches(*item)) item = item->next;
    return item;
  };
  if (Item* item = find()) return item;
  const std::lock_guard lock(mutex);
  if (Item* item = find()) return item;  // another thread was faster
  Item* const item = make();
  item->next = first.load(std::memory_order_relaxed);
  first.store(item, std::memory_order_release);
  return item;
}

/// A use on one tape. A parameter's node keeps a list of them in its cache.
struct TapeUse {
  Use use;
  const PackedMatrix* packed;  // null until the second product
  TapeUse* next;
};

const PackedMatrix* factor_on_tape(Node& node, const Use& use) {
  Tape& tape = Tape::active();
  const Array weight{node.value, node.shape};
  for (auto* known = static_cast<TapeUse*>(node.cache); known != nullptr; known = known->next) {
    if (known->use != use) continue;
    if (known->packed == nullptr) {
      known->packed =
          new (tape.allocate<PackedMatrix>(1)) PackedMatrix(pack(use, weight, tape.allocate(packed_size(use, weight))));
    }
    return known->packed;
  }
  node.cache = new (tape.allocate<TapeUse>(1)) TapeUse{use, nullptr, static_cast<TapeUse*>(node.cache)};
  return nullptr;
}

/// Null if BLAS is to do the product.
const PackedMatrix* packed_factor(Node& node, const Use& use, int rows) {
  if (node.leaf == nullptr) return nullptr;
  if (node.leaf->cache == nullptr) return factor_on_tape(node, use);
  return PackedWeights::factor(*node.leaf, use, rows);
}

}

void PackedWeights::hold(Leaf& leaf) {
  if (leaf.cache != nullptr) return;
  forms_ = new (memory_.allocate_array<Forms>(1)) Forms{this, &leaf, nullptr, forms_};
  leaf.cache = forms_;
}

PackedWeights::~PackedWeights() {
  for (const Forms* forms = forms_; forms != nullptr; forms = forms->next) forms->leaf->cache = nullptr;
  memory_.rewind(begin_);
}

PackedWeights::Packed* PackedWeights::find_or_pack(Leaf& leaf, const Use& use, int rows) {
  auto& forms = *static_cast<Forms*>(leaf.cache);
  if (rows > forms.owner->max_rows_) return nullptr;
  const auto matches = [&](const Packed& packed) { return packed.use == use; };
  return find_or_add(forms.first, forms.owner->mutex_, matches, [&] {
    Arena& memory = forms.owner->memory_;
    Real* const numbers = memory.allocate_array<Real>(packed_size(use, leaf.value()));
    return new (memory.allocate_array<Packed>(1)) Packed{use, pack(use, leaf.value(), numbers), nullptr};
  });
}

const PackedMatrix* PackedWeights::factor(Leaf& leaf, const Use& use, int rows) {
  const Packed* packed = find_or_pack(leaf, use, rows);
  return packed != nullptr ? &packed->matrix : nullptr;
}

RowProducts* PackedWeights::row_products(Leaf& table, Leaf& leaf, const Use& use, int rows) {
  if (table.cache == nullptr || leaf.cache == nullptr) return nullptr;
  Packed* const packed = find_or_pack(leaf, use, rows);
  if (packed == nullptr) return nullptr;
  PackedWeights& owner = *static_cast<Forms*>(leaf.cache)->owner;
  const auto matches = [&](const RowProducts& products) { return products.is_of(table); };
  return find_or_add(packed->row_products, owner.mutex_, matches, [&] {
    return new (owner.memory_.allocate_array<RowProducts>(1))
        RowProducts(table, packed->matrix, owner.memory_, owner.mutex_);
  });
}

SplitProducts::SplitProducts(ThreadPool& pool) : outer_(std::exchange(split_pool, &pool)) {}

SplitProducts::~SplitProducts() { split_pool = outer_; }

void add_packed_product(const PackedMatrix& b, int rows, const Real* a, Real* c, const Real* row) {
  const int k = b.rows(), n = b.cols();
  if (split_pool == nullptr || static_cast<std::size_t>(k) * n < kWorthSplitting) {
    b.add_part(0, 1, rows, a, k, c, n, row);
    return;
  }
  const int parts = split_pool->threads();
  split_pool->run(parts, [&](int part) { b.add_part(part, parts, rows, a, k, c, n, row); });
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
  const Array a = x.value();
  const int rows = a.rows(), cols = a.cols();
  const auto* lookup = x.node().leaf == nullptr ? static_cast<const Lookup*>(x.node().cache) : nullptr;
  if (lookup != nullptr && weight.node().leaf != nullptr) {
    if (auto* products = PackedWeights::row_products(lookup->table, *weight.node().leaf, {T, first_col, cols}, rows)) {
      products->add(lookup->ids, c, row);
      return;
    }
  }
  add_weight_product(T, weight, first_col, cols, rows, a.data, c, row);
}

}
