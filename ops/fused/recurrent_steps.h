#pragma once

#include <algorithm>

#include "autograd/tape.h"
#include "ops/gradients.h"
#include "ops/kernels/elementwise.h"
#include "ops/masking.h"
#include "ops/sequence/packing.h"

/// What the recurrent layers have in common: how they walk over packed sequences.

namespace gradus::inline GRADUS_PRECISION {
namespace detail {

/// One step of a layer. The state is one matrix, (B, H), in whose first `rows` rows the step finds the state of its
/// sequences and leaves the next one. So a sequence that has ended keeps its last state, and, in reverse, one that has
/// not begun keeps its first.
struct RecurrentStep {
  int rows;     ///< how many sequences take this step
  int begin;    ///< the first of their rows in the packing
  int carried;  ///< how many of these sequences come with a state that is not the zero they began with
};

class RecurrentSteps {
 public:
  RecurrentSteps(const Packing& packing, bool reverse, bool has_initial)
      : packing_(packing), reverse_(reverse), has_initial_(has_initial) {}

  int count() const { return packing_.steps(); }
  /// The k-th step in the order of computation.
  RecurrentStep operator[](int k) const {
    const int t = time(k), rows = packing_.alive(t);
    const int before = k == 0 ? 0 : packing_.alive(time(k - 1));
    return {rows, packing_.offset(t), has_initial_ ? rows : std::min(rows, before)};
  }
  /// The rows of the packing, [begin, end), outside of which no sequence has a carried state.
  int carried_begin() const { return has_initial_ || reverse_ || count() == 0 ? 0 : packing_.alive(0); }
  int carried_end() const {
    return has_initial_ || !reverse_ || count() == 0 ? packing_.rows() : packing_.offset(packing_.steps() - 1);
  }

  /// before: (rows, H), the state before every step, from the one after it and the first of all, (B, H) or empty.
  void states_before(Tensor initial, const Real* after, std::size_t H, Real* before) const {
    for (int k = 0; k < count(); ++k) {
      const int t = time(k), rows = packing_.alive(t);
      const auto going_on = std::size_t(k == 0 ? 0 : std::min(rows, packing_.alive(time(k - 1))));
      Real* const state = before + std::size_t(packing_.offset(t)) * H;
      if (k > 0) kernels::copy(after + std::size_t(packing_.offset(time(k - 1))) * H, state, going_on * H);
      const std::size_t beginning = (std::size_t(rows) - going_on) * H;
      if (initial) {
        kernels::copy(initial.value().data + going_on * H, state + going_on * H, beginning);
      } else {
        kernels::fill(0, state + going_on * H, beginning);
      }
    }
  }

  /// x ∘= mask, for rows that belong to the packing's steps.   x: (rows, H), mask: (B, H)
  void mask_rows(const Real* mask, std::size_t H, Real* x) const {
    for (int t = 0; t < count(); ++t) {
      Real* const step = x + std::size_t(packing_.offset(t)) * H;
      kernels::mul(step, mask, step, std::size_t(packing_.alive(t)) * H);
    }
  }

 private:
  int time(int k) const { return reverse_ ? packing_.steps() - 1 - k : k; }

  Packing packing_;
  bool reverse_, has_initial_;
};

/// Throws unless the optional mask fits the states, (B, H), and needs no gradient.
inline void require_mask(const char* op, Tensor mask, const Shape& states) {
  if (!mask) return;
  if (mask.shape() != states) fail("{}: the mask is {}; need (B, H) = {}", op, mask.shape(), states);
  require_constant(op, mask);
}

/// The numbers of an optional tensor, or zeros.
inline void copy_or_zero(Tensor x, Real* y, std::size_t size) {
  if (x) {
    kernels::copy(x.value().data, y, size);
  } else {
    kernels::fill(0, y, size);
  }
}

}
}
