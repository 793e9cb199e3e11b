#include "ops/gemm/packed_weights.h"

#include "ops/gemm/blas.h"
namespace gradus::inline GRADUS_PRECISION {

namespace {

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

}

PackedMatrix pack(const WeightUse& use, const ConstArray& weight, Arena& memory) {
  // Vᵀ is (cols, out), V is (out, cols).
  const int k = use.transpose == T ? use.cols : weight.rows(), n = use.transpose == T ? weight.rows() : use.cols;
  Real* const numbers = memory.allocate(PackedMatrix::memory_size(k, n));
  return {use.transpose, k, n, weight.data + use.first_col, weight.cols(), numbers};
}

void PackedWeights::hold(Leaf& leaf) {
  if (holds(leaf)) return;
  forms_ = memory_.make<Forms>(*this, leaf, forms_);
  attach(leaf.attachments, forms_);
}

PackedWeights::~PackedWeights() {
  for (const Forms* forms = forms_; forms != nullptr; forms = forms->previous) detach(forms->leaf.attachments, forms);
  memory_.rewind(begin_);
}

PackedWeights::Forms* PackedWeights::forms_of(const Leaf& leaf) { return find_attachment<Forms>(leaf.attachments); }

PackedWeights::Packed* PackedWeights::find_or_pack(Forms& forms, const WeightUse& use, int rows) {
  if (rows > forms.owner.max_rows_) return nullptr;
  const auto matches = [&](const Packed& packed) { return packed.use == use; };
  return find_or_add(forms.first, forms.owner.mutex_, matches, [&] {
    Arena& memory = forms.owner.memory_;
    return memory.make<Packed>(use, pack(use, forms.leaf.value(), memory), nullptr);
  });
}

const PackedMatrix* PackedWeights::factor(Leaf& leaf, const WeightUse& use, int rows) {
  const Packed* packed = find_or_pack(*forms_of(leaf), use, rows);
  return packed != nullptr ? &packed->matrix : nullptr;
}

RowProducts* PackedWeights::row_products(Leaf& table, Leaf& leaf, const WeightUse& use, int rows) {
  Forms* const forms = forms_of(leaf);
  if (forms == nullptr || !holds(table)) return nullptr;
  Packed* const packed = find_or_pack(*forms, use, rows);
  if (packed == nullptr) return nullptr;
  PackedWeights& owner = forms->owner;
  const auto matches = [&](const RowProducts& products) { return products.is_of(table); };
  return find_or_add(packed->row_products, owner.mutex_, matches, [&] {
    return owner.memory_.make<RowProducts>(table, packed->matrix, owner.memory_, owner.mutex_);
  });
}

}
