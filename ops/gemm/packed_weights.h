#pragma once

#include <atomic>
#include <concepts>
#include <limits>
#include <mutex>
#include <vector>

#include "autograd/leaf.h"
#include "autograd/seam.h"
#include "ops/gemm/packed_matrix.h"
#include "ops/gemm/row_products.h"

namespace gradus::inline GRADUS_PRECISION {

/// One way in which a weight W is multiplied: by the columns V = W[:, first_col : first_col + cols], transposed or not.
struct WeightUse {
  Transpose transpose;  ///< whether the factor is Vᵀ
  int first_col, cols;  ///< those of V
  bool operator==(const WeightUse&) const = default;
};

/// The factor that a weight is in this use, packed, in memory of the arena.
PackedMatrix pack(const WeightUse& use, const ConstArray& weight, Arena& memory);

/// Vouches that the values of some parameters do not change while it lives. Their packed forms are then made once, for
/// all tapes on all threads, rather than once a tape: for the shards of a training step, or for the many sentences that
/// a trained model translates. Whether a product runs on the packed form depends on its number of rows alone, so that
/// its bits do not depend on what other threads did before.
///
///     PackedWeights packed(memory);
///     packed.hold(model.parameters());
///
/// To be made and to end while no other thread uses the parameters. A parameter that an earlier PackedWeights holds is
/// left to that one, which must live longer.
class PackedWeights {
 public:
  /// The most rows of a product whose weight is soon to change. Larger ones go to BLAS, which packs at every call; from
  /// here on that costs it little.
  static constexpr int kMaxRows = 128;
  static constexpr int kAnyRows = std::numeric_limits<int>::max();  ///< of a weight that stays as it is

  /// Packed forms take their memory from `memory`, and give it back at the end. They serve products of up to
  /// `max_rows`.
  explicit PackedWeights(Arena& memory, int max_rows = kMaxRows)
      : memory_(memory), begin_(memory.mark()), max_rows_(max_rows) {}
  ~PackedWeights();
  PackedWeights(const PackedWeights&) = delete;
  PackedWeights& operator=(const PackedWeights&) = delete;

  /// Vouches for one parameter, or for several.
  void hold(Leaf& leaf);
  template <std::derived_from<Leaf> L>
  void hold(const std::vector<L*>& leaves) {
    for (L* leaf : leaves) hold(*leaf);
  }

  /// Whether some PackedWeights holds the parameter.
  static bool holds(const Leaf& leaf) { return forms_of(leaf) != nullptr; }
  /// The factor that a held parameter is in this use, packed if it was not yet; null for too many rows.
  static const PackedMatrix* factor(Leaf& leaf, const WeightUse& use, int rows);
  /// The products of a held table's rows with a held parameter in this use; null for too many rows.
  static RowProducts* row_products(Leaf& table, Leaf& leaf, const WeightUse& use, int rows);

 private:
  struct Packed {
    WeightUse use;
    PackedMatrix matrix;
    Packed* next;
    std::atomic<RowProducts*> row_products = nullptr;  // a list: one for each table
  };
  /// The packed forms of one parameter, attached to it.
  struct Forms : Attachment {
    Forms(PackedWeights& by, Leaf& of, Forms* before)
        : Attachment(typeid(Forms)), owner(by), leaf(of), previous(before) {}
    PackedWeights& owner;
    Leaf& leaf;
    std::atomic<Packed*> first = nullptr;
    Forms* previous;  // those that the owner made before
  };
  static Forms* forms_of(const Leaf& leaf);
  static Packed* find_or_pack(Forms& forms, const WeightUse& use, int rows);

  Arena& memory_;
  Arena::Mark begin_;
  int max_rows_;
  std::mutex mutex_;  // held while a weight is packed
  Forms* forms_ = nullptr;
};

}
