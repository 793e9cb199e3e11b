#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <span>

#include "autograd/arena.h"
#include "autograd/leaf.h"
#include "ops/gemm/packed_matrix.h"

namespace gradus::inline GRADUS_PRECISION {

/// The rows of a table times a weight, each kept from when it is first asked for.
///
/// A decoder multiplies the same few hundred embedded words with the same weights again and again, and, one sentence
/// at a time, reading these weights is what takes the time. Of a word known before only its product is read.
class RowProducts {
 public:
  /// table: (V, k), weight: (k, n). Neither may change. Products are kept in `memory`, under `mutex`.
  RowProducts(Leaf& table, const PackedMatrix& weight, Arena& memory, std::mutex& mutex);

  bool is_of(const Leaf& table) const { return &table == &table_; }  ///< whether they are this one's
  /// c[i] += table[ids[i]] @ weight, or = row + table[ids[i]] @ weight if a row is given.   c: (ids, n), row: (n).
  /// Any number of threads may add at once. The bits do not depend on what was asked for before.
  void add(std::span<const int> ids, Real* c, const Real* row);

  RowProducts* next = nullptr;  ///< of the same weight, with another table

 private:
  /// Numbers kept at most; the products of rows that come later are made anew each time. By Zipf's law, words that come
  /// late are rare.
  static constexpr std::size_t kMaxKept = 8u << 20;

  void keep(std::span<const int> ids, const Real* products);

  Leaf& table_;
  const PackedMatrix& weight_;
  Arena& memory_;
  std::mutex& mutex_;
  std::atomic<const Real*>* kept_;  // (V), null where there is no product yet
  std::size_t kept_numbers_ = 0;
};

}
