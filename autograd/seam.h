#pragma once

#include <atomic>
#include <span>
#include <typeinfo>

#include "autograd/shape.h"

/// The seam of the engine: the five places where it lets others take part. A first reading may skip it, and all that
/// uses it: gather.h, mark.h, names.h, inspect/observers.h, and packed weights in ops/gemm.

namespace gradus::inline GRADUS_PRECISION {

class Leaf;
class Tape;
class Tensor;
struct Node;

/// What others keep at a node or at a leaf, to be found again. Each kind is a type of its own,
/// `struct Kept : Attachment { Kept() : Attachment(typeid(Kept)) {} … }`, in memory that its maker answers for. Those
/// of a node are forgotten when the tape is rewound.
struct Attachment {
  explicit Attachment(const std::type_info& of) : type(of) {}
  const std::type_info& type;  ///< which kind it is
  Attachment* next = nullptr;  ///< of the same node or leaf
};

/// Puts an attachment in front of the list.
inline void attach(Attachment*& list, Attachment* attachment) {
  attachment->next = list;
  list = attachment;
}

/// Takes an attachment out of the list that holds it.
inline void detach(Attachment*& list, const Attachment* attachment) {
  Attachment** place = &list;
  while (*place != attachment) place = &(*place)->next;
  *place = attachment->next;
}

/// The first attachment of type T in the list, or null.
template <class T>
T* find_attachment(Attachment* list) {
  while (list != nullptr && list->type != typeid(T)) list = list->next;
  return static_cast<T*>(list);
}

/// Hears of every op of the process, on the thread that works: when it has computed its outputs, and when its closure
/// has passed their gradients back. And of every new variable, and before and after what a step's tapes hold is added
/// to rows [row_begin, row_end) of a parameter's gradient. A function that is null is not called.
struct TapeObserver {
  void (*made)(const Tensor& variable) = nullptr;                                  ///< a new variable
  void (*computed)(const char* op, std::span<const Tensor> outputs) = nullptr;     ///< an op, forward
  void (*passed_back)(const char* op, std::span<const Tensor> outputs) = nullptr;  ///< its closure has run
  void (*gathering)(const Leaf& leaf, int row_begin, int row_end) = nullptr;       ///< before rows are added up
  void (*gathered)(const Leaf& leaf, int row_begin, int row_end) = nullptr;        ///< afterwards
};

/// Who is told; null is nobody. All functions of it are set. It stands in inspect/observers.cpp, which says who begins
/// as an observer and how one is added.
extern std::atomic<const TapeObserver*> tape_observer;

namespace detail {

/// `x.value()[7]` of three numbers is an error in debug builds (without NDEBUG), and while the checking mode sets this.
inline std::atomic<bool> checks_indices{false};

#ifdef NDEBUG
constexpr bool kChecksAllIndices = false;
#else
constexpr bool kChecksAllIndices = true;
#endif

// Inlined by force, since sources with and without NDEBUG may meet in one program.
[[gnu::always_inline]] inline std::size_t checked(std::size_t i, const Shape& shape) {
  if (!kChecksAllIndices && !checks_indices.load(std::memory_order_relaxed)) return i;
  if (i >= shape.size()) fail("array: no number {} in {}; need an index below {}", i, shape, shape.size());
  return i;
}

}

/// Where a tape takes the memory of gradients from, if not from its arena.
struct GradMemory {
  /// Memory for the gradient of this node, which has none yet.
  virtual Real* lend(Node& node) = 0;
  /// Is called when the closure of this output has run: from then on nobody reads its gradient.
  virtual void take_back(Node& output) = 0;
};

/// The last part of a backward pass: adds what the uses of a parameter on a tape have contributed to the parameter's
/// own gradient, if it is not frozen. In its plainest form that is the gradient of the parameter's node (gather.h).
void gather(Leaf& leaf, const Tape& tape);

}
