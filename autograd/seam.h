#pragma once

#include <span>
#include <typeinfo>

#include "autograd/real.h"

/// The seam of the engine: the four places where it lets others take part. A first reading may skip it, and all that
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
  explicit Attachment(const std::type_info& type) : type(type) {}
  const std::type_info& type;
  Attachment* next = nullptr;
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
/// has passed their gradients back. It also hears of every variable, as of an op of that name.
struct TapeObserver {
  void (*computed)(const char* op, std::span<const Tensor> outputs);
  void (*passed_back)(const char* op, std::span<const Tensor> outputs);
};

/// `observer` must outlive all tapes; null, as at first, is none. Returns the one before.
const TapeObserver* set_observer(const TapeObserver* observer);

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
