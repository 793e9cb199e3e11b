#pragma once

#include <algorithm>
#include <concepts>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <vector>

#include "autograd/arena.h"
#include "autograd/leaf.h"
#include "autograd/tensor.h"

/// Reverse-mode differentiation.
///
/// While a tape is active, every op does two things: it computes its output, and it records a closure that knows how to
/// pass a gradient from that output back to the inputs (the chain rule for this one op). Since an op can only use
/// tensors that already exist, the order of recording is a topological order of the graph. So `backward` sets d loss /
/// d loss = 1 and runs the closures from the last to the first: when a closure runs, everything downstream of its
/// output has already added its part to the output's gradient. There is no recursion, no search, and no reference
/// count.
///
///     Tape tape;
///     Tensor x = variable({3}, {1, 2, 3});
///     Tensor loss = sum(square(x));
///     tape.backward(loss);
///     x.grad();   // 2x = (2, 4, 6)
///
/// All memory (values, gradients, closures) comes from an arena of the thread and goes back to it when the tape ends,
/// so that the second step of a training loop allocates nothing.
///
/// What happens is in four functions of tape.cpp: `output` makes a node, `add_step` keeps a closure, `run_closures` is
/// the backward pass, and `gather` adds up what the parameters got. A `Tensor` (tensor.h) is a handle to a node, a
/// `Leaf` (leaf.h) is a parameter as the tape sees it, and its share is what one tape adds to its gradient.
/// GRADUS_PRECISION (real.h) is f32 or f64. A first reading may skip `sweep`, `mark`, and what is for those who write
/// ops, but for `output` and `record` at the end.

namespace gradus::inline GRADUS_PRECISION {

class Tape {
  struct Step;
  struct LeafUse;

 public:
  enum Mode {
    Record,     ///< ops record their backward closures
    Inference,  ///< ops only compute; nothing needs a gradient
  };

  /// Becomes the active tape of this thread until it ends; then the one before is active again.
  /// `seed` starts the random numbers of dropout; without it every tape of the program gets another one.
  explicit Tape(Mode mode = Record);
  Tape(Mode mode, std::uint64_t seed);
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  /// Tapes of a thread end in the reverse order of their beginning, as local variables do by nature.
  static void* operator new(std::size_t) = delete;

  /// The tape that ops on this thread record on. Throws if there is none.
  static Tape& active();
  Mode mode() const { return mode_; }

  /// Adds d loss / d x to `x.grad()` of every variable and every result on the way, and to `Leaf::grad()` of every
  /// parameter. `loss` must hold one number. A tape runs backward once.
  void backward(Tensor loss);
  /// The same for an output of any shape: gradients of sum(cotangent * output). `cotangent` has `output.size()`
  /// numbers.
  void backward(Tensor output, std::span<const Real> cotangent);

  /// `backward` without its last step: the parameters' shares stay on the tape until `gather` adds them up. The
  /// gradients of tensors on the way are not kept for whoever might look at them: ops reuse their memory.
  void sweep(Tensor loss);
  void sweep(Tensor output, std::span<const Real> cotangent);
  /// Adds the leaf's share on each of the tapes, in their order, to rows [row_begin, row_end) of the leaf's gradient,
  /// seen as a matrix (first axis, all others). Different rows may be gathered on different threads at the same time.
  static void gather(Leaf& leaf, std::span<const Tape* const> tapes, int row_begin, int row_end);

  /// A decoder's loop of mark and rewind keeps its memory flat: `rewind` forgets everything recorded since the mark.
  /// It throws once somebody has asked for a gradient, which may lie behind the mark, as all do after `backward`; and
  /// for a mark of another tape, or one that an earlier `rewind` went past.
  struct Mark {
    Arena::Mark arena;
    const Tape* tape = nullptr;
    std::size_t nodes = 0;
    std::uint64_t last_id = 0;  // of the last of these nodes
    Step* last = nullptr;
    LeafUse* uses = nullptr;
  };
  Mark mark() const;
  void rewind(const Mark& mark);

  /// Everything recorded so far, in order.
  std::vector<const Node*> nodes() const;

  /// A range of this tape's random numbers that nobody else gets: its seed, and where in the sequence it begins.
  struct RandomRange {
    std::uint64_t seed = 0, begin = 0;
  };
  RandomRange random(std::uint64_t count);

  // The rest is for those who write ops.

  /// Memory that lives as long as the tape.
  template <class T = Real>
  T* allocate(std::size_t count) {
    return arena().allocate_array<T>(count);
  }
  Real* zeros(std::size_t count);
  /// A copy that lives as long as the tape, for closures to hold on to.
  template <class T>
  std::span<const T> copy(std::span<const T> values) {
    T* copied = allocate<T>(values.size());
    std::copy(values.begin(), values.end(), copied);
    return {copied, values.size()};
  }

  Tensor add_node(const Shape& shape, const char* op, bool needs_grad);
  /// The leaf as a tensor on this tape: the same one each time.
  Tensor add_leaf(Leaf& leaf);
  /// Returns room for the closure, or null if this op needs none.
  void* add_step(const char* op, std::span<const Tensor> outputs, void (*run)(void*), std::size_t closure_bytes);
  /// Notes a contribution to the gradient of a leaf; `use` is what `add_leaf` returned for it.
  void note(Tensor use, const Contribution& contribution);

  /// Whether the gradient of an op's output must stay as it is when its closure has run.
  bool keeps_grads() const { return keeps_grads_; }
  /// Gives a node that has no gradient yet uninitialised memory for it.
  Real* new_grad(Node& node);
  /// Says, at the end of a closure, that nobody reads its output's gradient again: in a sweep the memory then serves
  /// for the next gradients.
  void drop_grad(Tensor output);

  /// Whether a handle's id was given out on this thread.
  static bool is_of_this_thread(std::uint64_t id);

 private:
  static Arena& arena();
  void release(const Mark& mark);
  void start_from(Tensor output, std::span<const Real> cotangent);
  void run_closures();
  void gather_all();

  /// Memory of a dropped gradient.
  struct FreeGrad {
    FreeGrad* next;
  };
  static constexpr int kGradSizes = 17;

  Mode mode_;
  RandomRange random_;
  Step* last_ = nullptr;  // the newest closure; each points to the one before
  LeafUse* uses_ = nullptr;
  bool swept_ = false, keeps_grads_ = true, has_grads_ = false;
  FreeGrad* free_grads_[kGradSizes] = {};  // [i]: of 2^i numbers
  Tape* outer_;                            // the tape that was active before
  Mark start_;                             // where in the thread's memory this tape begins
};

/// A tensor of given numbers. No gradient flows into it.
Tensor constant(const Shape& shape, std::span<const Real> values);
Tensor constant(const Shape& shape, std::initializer_list<Real> values);
/// A constant filled with one number.
Tensor full(const Shape& shape, Real value);
/// A tensor of given numbers whose gradient `backward` computes.
Tensor variable(const Shape& shape, std::span<const Real> values);
Tensor variable(const Shape& shape, std::initializer_list<Real> values);

/// The output of an op on the active tape, its numbers still unset. It needs a gradient if one of the inputs does.
Tensor output(const Shape& shape, std::span<const Tensor> inputs);
Tensor output(const Shape& shape, std::initializer_list<Tensor> inputs);

/// A closure that the arena can hold. It is dropped without a destructor, so it may own nothing: capture tensors,
/// numbers and what `Tape::copy` returns, not vectors or strings. Nor may it refer to what is gone when it runs:
/// capture by value.
template <class F>
concept Backward = std::invocable<F&> && std::is_trivially_destructible_v<F> && alignof(F) <= Arena::kAlignment;

/// Ends an op: names it, and records how gradients flow back through it. `backward` runs only if a gradient reached at
/// least one of the outputs; it adds to the gradients of those inputs that need one. `op` is a string literal, or lives
/// as long as the tape.
template <Backward F>
void record(const char* op, std::span<const Tensor> outputs, F backward) {
  void (*run)(void*) = [](void* closure) { (*static_cast<F*>(closure))(); };
  if (void* memory = Tape::active().add_step(op, outputs, run, sizeof(F))) new (memory) F(backward);
}
template <Backward F>
void record(const char* op, std::initializer_list<Tensor> outputs, F backward) {
  record(op, std::span(outputs.begin(), outputs.size()), backward);
}
template <Backward F>
void record(const char* op, Tensor output, F backward) {
  record(op, std::span(&output, 1), backward);
}

/// From now on every op of the process checks that its values, and the gradients it passes back, are finite, and throws
/// an `Error` that names op and module if not. Off by default, since it reads every number once more. It does not see
/// the shares of parameters that are added up at the end of a step, and takes a masked log_softmax's -inf for an error.
void set_check_finite(bool on);

enum class Pass { Forward, Backward };
using OpObserver = void (*)(const char* op, Pass pass);

/// Calls `observer` with the name of an op when it has computed its output, and again when its closure has run; on the
/// thread that does so. Null switches it off. What passes between two calls is the time of the later one's op. Returns
/// the observer before.
OpObserver set_op_observer(OpObserver observer);

}
