#pragma once

#include <atomic>
#include <limits>
#include <mutex>

#include "autograd/tape.h"
#include "ops/gemm/packed_matrix.h"
#include "ops/gemm/row_products.h"
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

/// Says that the rows of a tensor are those of a table: what `embedding` leaves in its output's node on a tape that
/// only infers.
struct Lookup {
  Leaf& table;
  std::span<const int> ids;
};

/// c += x Vᵀ or c = row + x Vᵀ, as above. If x was looked up in a table, and both the table and the weight are held
/// (see PackedWeights), the rows' products are kept for the next time.   x: (rows, cols)
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

/// Vouches that the values of some parameters do not change while it lives. Their packed forms are then made once, for
/// all tapes on all threads, rather than once a tape: for the shards of a training step, or for the many sentences that
/// a trained model translates. Whether a product runs on the packed form depends on its number of rows alone, so that
/// its bits do not depend on what other threads did before.
///
///     PackedWeights packed(memory);
///     for (Parameter* parameter : model.parameters()) packed.hold(*parameter);
///
/// To be made and to end while no other thread uses the parameters. A parameter that an earlier PackedWeights holds is
/// left to that one, which must live longer.
class PackedWeights {
 public:
  /// Of a weight that is soon to change, products of more rows than this go to BLAS, which packs at every call; from
  /// here on that costs it little.
  static constexpr int kMaxRows = 128;
  static constexpr int kAnyRows = std::numeric_limits<int>::max();

  /// Packed forms take their memory from `memory`, and give it back at the end. They serve products of up to
  /// `max_rows`.
  explicit PackedWeights(Arena& memory, int max_rows = kMaxRows)
      : memory_(memory), begin_(memory.mark()), max_rows_(max_rows) {}
  ~PackedWeights();
  PackedWeights(const PackedWeights&) = delete;
  PackedWeights& operator=(const PackedWeights&) = delete;

  void hold(Leaf& leaf);

  /// One way in which a weight is multiplied: with these of its columns, transposed or not.
  struct Use {
    Transpose transpose;
    int first_col, cols;
    bool operator==(const Use&) const = default;
  };
  /// The factor that a held parameter is in this use, packed if it was not yet; null for too many rows.
  static const PackedMatrix* factor(Leaf& leaf, const Use& use, int rows);
  /// The products of a held table's rows with a held parameter in this use; null for too many rows.
  static RowProducts* row_products(Leaf& table, Leaf& leaf, const Use& use, int rows);

 private:
  struct Packed {
    Use use;
    PackedMatrix matrix;
    Packed* next;
    std::atomic<RowProducts*> row_products = nullptr;  // a list: one for each table
  };
  /// Of one parameter.
  struct Forms {
    PackedWeights* owner;
    Leaf* leaf;
    std::atomic<Packed*> first;
    Forms* next;
  };
  static Packed* find_or_pack(Leaf& leaf, const Use& use, int rows);

  Arena& memory_;
  Arena::Mark begin_;
  int max_rows_;
  std::mutex mutex_;  // held while a weight is packed
  Forms* forms_ = nullptr;
};

}
