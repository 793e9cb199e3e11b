#pragma once

#include <span>

#include "autograd/error.h"
#include "autograd/tape.h"
#include "nn/sequence_attention.h"
#include "ops/fused/recurrent.h"
#include "ops/gemm/function_ref.h"

/// What a decoder goes on from. Each kind of decoder has a struct of its own for that, which holds tensors and lists of
/// tensors alone, and one function that visits them all. Its first line names all members, so that it does not compile
/// with one too few:
///
///     struct MyState {
///       Tensor hidden, stack;  // (N, H), (N, D)
///
///       friend void for_each_tensor(MyState& state, TensorAction action) {
///         auto& [hidden, stack] = state;
///         action(hidden);
///         action(stack);
///       }
///     };

namespace gradus::translate {

using TensorAction = FunctionRef<void(Tensor&)>;

inline void for_each_tensor(Tensor& x, TensorAction action) { action(x); }

inline void for_each_tensor(LstmState& state, TensorAction action) {
  auto& [hidden, cell] = state;
  action(hidden);
  action(cell);
}

inline void for_each_tensor(KeyValueCache& cache, TensorAction action) {
  auto& [keys, values] = cache;
  action(keys);
  action(values);
}

/// A list becomes a new one on the active tape, so that other states that hold the old one do not change.
template <class T>
void for_each_tensor(std::span<const T>& list, TensorAction action) {
  const std::span<T> own = Tape::active().arena().copy(list);
  for (T& element : own) for_each_tensor(element, action);
  list = own;
}

/// The state of any decoder: a handle on its own struct, which lies on the tape. Row n of each of its tensors belongs
/// to sentence n; some may be empty handles. Whoever keeps, reorders or splits sentences needs to know no more of it.
class DecoderState {
 public:
  DecoderState() = default;
  /// `own` as it is now. `position`: of the next word, from 0.
  template <class Own>
  DecoderState(const Own& own, int position)
      : position(position), own_(Tape::active().arena().make<Own>(own)), map_own_(&map_own<Own>) {}

  /// The decoder's own struct. Throws for the state of a decoder of another kind.
  template <class Own>
  const Own& as() const {
    if (map_own_ != &map_own<Own>) fail("decoder: the state is one of another kind of decoder");
    return *static_cast<const Own*>(own_);
  }

  /// Calls visit(x) for each tensor x, always in the same order.
  void each(FunctionRef<void(Tensor)> visit) const {
    map_own_(own_, [&](Tensor& x) { visit(x); });
  }
  /// The state that has f(x) in the place of each tensor x, in that order.
  DecoderState map(FunctionRef<Tensor(Tensor)> f) const {
    DecoderState result = *this;
    result.own_ = map_own_(own_, [&](Tensor& x) { x = f(x); });
    return result;
  }

  int position = 0;

 private:
  template <class Own>
  static const void* map_own(const void* own, TensorAction action) {
    auto* const copy = Tape::active().arena().make<Own>(*static_cast<const Own*>(own));
    for_each_tensor(*copy, action);
    return copy;
  }

  const void* own_ = nullptr;
  const void* (*map_own_)(const void* own, TensorAction action) = nullptr;  // which kind it is, too
};

}
