#pragma once

#include <concepts>
#include <utility>
#include <vector>

#include "autograd/arena.h"
#include "autograd/leaf.h"
#include "autograd/list.h"

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
/// To use a tape is to make it and to call `backward`. To write an op is to call `output`, `record` and, in the
/// closure, `accumulator`, at the end of this file. All that happens is in tape.cpp.

namespace gradus::inline GRADUS_PRECISION {

struct GradMemory;

/// Records what ops do, from its beginning to its end, to run it backward.
class Tape {
 public:
  /// Whether gradients will be wanted.
  enum Mode {
    Record,     ///< ops record their backward closures
    Inference,  ///< ops only compute; nothing needs a gradient
  };

  /// Becomes the active tape of this thread until it ends; then the one before is active again.
  /// `seed` starts the random numbers of dropout; without it every tape of the program gets another one.
  explicit Tape(Mode mode = Record, std::uint64_t seed = next_seed());
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  /// Tapes of a thread end in the reverse order of their beginning, as local variables do by nature.
  static void* operator new(std::size_t) = delete;

  /// Adds d loss / d x to `x.grad()` of every variable and every result on the way, and to `Leaf::grad()` of every
  /// parameter. `loss` must hold one number. A tape runs backward once.
  void backward(Tensor loss);
  /// Adds the gradients of sum(cotangent * output), for an output of any shape and as many numbers in `cotangent`.
  void backward(Tensor output, List<Real> cotangent);

  // For ops, beside the functions at the end of this file.

  /// The tape that ops on this thread record on. Throws if there is none.
  static Tape& active();
  Mode mode() const { return mode_; }  ///< that of the constructor
  /// Memory that lives as long as the tape. Lists that closures hold on to are copied there: `arena().copy(list)`.
  Arena& arena();
  /// A range of this tape's random numbers that nobody else gets: its seed, and where in the sequence it begins.
  struct RandomRange {
    std::uint64_t seed = 0, begin = 0;  ///< of the generator, and the first number of the range
  };
  /// The next `count` random numbers of this tape.
  RandomRange random(std::uint64_t count) {
    return {random_.seed, std::exchange(random_.begin, random_.begin + count)};
  }

  // For what is built on a tape: inspect/, gather.h, mark.h.

  /// Everything recorded so far, in order.
  std::vector<const Node*> nodes() const;
  /// The node that stands for a parameter here, or null if it has not been used.
  Node* find(const Leaf& leaf) const;
  /// Uninitialised memory for the gradient of a node that has none.
  Real* new_grad(Node& node);
  /// A tensor whose numbers are at `value`, or unset, if that is null.
  Tensor add_node(const Shape& shape, const char* op, bool needs_grad, Real* value);
  /// Returns room for the closure, or null if no output needs a gradient.
  void* add_closure(const char* op, std::span<const Tensor> outputs, void (*run)(void*), std::size_t bytes);

 private:
  friend class Leaf;
  friend class Mark;
  friend void sweep(Tape& tape, Tensor output, List<Real> cotangent);

  /// How far the thread's memory is in use.
  struct Position {
    Arena::Mark arena;
    Node* newest = nullptr;
    Node* last_leaf = nullptr;
  };
  static std::uint64_t next_seed();
  Position position() const;
  void rewind(const Position& position);
  Tensor use(Leaf& leaf);
  void run_closures(Tensor output, List<Real> cotangent);
  void require_backward(Tensor output, std::size_t numbers) const;

  Mode mode_;
  RandomRange random_;
  Node* last_leaf_ = nullptr;  // of the parameter that was used last
  bool ran_backward_ = false;
  GradMemory* grad_memory_ = nullptr;
  Tape* outer_;     // the tape that was active before
  Position start_;  // where in the thread's memory this tape begins
};

/// A tensor of given numbers. No gradient flows into it.
Tensor constant(const Shape& shape, List<Real> values);
/// A constant filled with one number.
Tensor full(const Shape& shape, Real value);
/// A tensor of given numbers whose gradient `backward` computes.
Tensor variable(const Shape& shape, List<Real> values);

/// The output of an op on the active tape, its numbers still unset, or those at `value`, if it is a view of numbers
/// that are there already. It needs a gradient if one of the inputs does. `op` is for the error when there is no
/// memory: the function that calls, if nothing is given.
Tensor output(const Shape& shape, List<Tensor> inputs, Real* value = nullptr, const char* op = __builtin_FUNCTION());

/// A closure that the arena can hold. It is dropped without a destructor, so it may own nothing: capture tensors,
/// numbers and what `Arena::copy` returns, not vectors or strings. Nor may it refer to what is gone when it runs:
/// capture by value.
template <class F>
concept Backward = std::invocable<F&> && std::is_trivially_destructible_v<F> && alignof(F) <= Arena::kAlignment;

/// Ends an op: names it, and records how gradients flow back through it. `backward` runs only if a gradient reached at
/// least one of the outputs; it adds to the gradients of those inputs that need one. `op` is a string literal, or lives
/// as long as the tape.
template <Backward F>
void record(const char* op, List<Tensor> outputs, F backward) {
  void (*run)(void*) = [](void* closure) { (*static_cast<F*>(closure))(); };
  if (void* memory = Tape::active().add_closure(op, outputs, run, sizeof(F))) new (memory) F(backward);
}

/// The gradient of x, for a closure to add its part to: zeros if it is the first.
Array accumulator(Tensor x);

}
