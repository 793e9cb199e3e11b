#include "autograd/inspect/observers.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

namespace gradus::inline GRADUS_PRECISION {

namespace {

using Slot = std::atomic<const TapeObserver*>;
std::array<Slot, 4> slots{};

/// Calls one of the functions of all who have it.
template <class Function, class... Args>
void tell(Function TapeObserver::*function, const Args&... args) {
  for (const Slot& slot : slots) {
    const TapeObserver* const observer = slot.load(std::memory_order_relaxed);
    if (observer != nullptr && observer->*function != nullptr) (observer->*function)(args...);
  }
}

constexpr TapeObserver kAll{
    [](const Tensor& variable) { tell(&TapeObserver::made, variable); },
    [](const char* op, std::span<const Tensor> outputs) { tell(&TapeObserver::computed, op, outputs); },
    [](const char* op, std::span<const Tensor> outputs) { tell(&TapeObserver::passed_back, op, outputs); },
    [](const Leaf& leaf, int begin, int end) { tell(&TapeObserver::gathering, leaf, begin, end); },
    [](const Leaf& leaf, int begin, int end) { tell(&TapeObserver::gathered, leaf, begin, end); }};

void replace(const TapeObserver* observer, const TapeObserver* by) {
  const auto slot = std::find(slots.begin(), slots.end(), observer);
  if (slot == slots.end()) fail("observers: there are {} already; need one to be removed first", slots.size());
  *slot = by;
  const bool any = std::any_of(slots.begin(), slots.end(), [](const Slot& slot) { return slot != nullptr; });
  tape_observer = any ? &kAll : nullptr;
}

const TapeObserver* begin() {
  slots[0] = first_observer();
  return slots[0] != nullptr ? &kAll : nullptr;
}

std::atomic<OpObserver> op_observer{nullptr};
thread_local OpListener* innermost = nullptr;

void tell_op(const char* op, Pass pass) {
  if (const OpObserver observer = op_observer.load(std::memory_order_relaxed)) observer(op, pass);
}

constexpr TapeObserver kOps{
    .computed = [](const char* op, std::span<const Tensor>) { tell_op(op, Pass::Forward); },
    .passed_back = [](const char* op, std::span<const Tensor>) { tell_op(op, Pass::Backward); }};

}

// The tape reads this variable, so whoever links a tape links this file, and with it the line that looks at the
// environment: no linker drops it from a static library, and a step pays for nothing but the read.
std::atomic<const TapeObserver*> tape_observer{begin()};

void add_observer(const TapeObserver& observer) { replace(nullptr, &observer); }

void remove_observer(const TapeObserver& observer) { replace(&observer, nullptr); }

OpObserver set_op_observer(OpObserver observer) {
  const OpObserver before = op_observer.exchange(observer);
  if (before == nullptr && observer != nullptr) add_observer(kOps);
  if (before != nullptr && observer == nullptr) remove_observer(kOps);
  return before;
}

/// Goes through the listeners of this thread.
struct Listeners {
  template <void (OpListener::*function)(std::span<const Tensor>)>
  static void tell(const char*, std::span<const Tensor> outputs) {
    for (OpListener* listener = innermost; listener != nullptr; listener = listener->outer_)
      (listener->*function)(outputs);
  }
  static constexpr TapeObserver kObserver{.made =
                                              [](const Tensor& variable) {
                                                tell<&OpListener::computed>("", {&variable, 1});
                                              },
                                          .computed = tell<&OpListener::computed>,
                                          .passed_back = tell<&OpListener::passed_back>};
  /// How many there are on all threads; the first of them begins to observe, the last one ends it.
  static void count(int change) {
    const std::lock_guard lock(mutex);
    if (number == 0) add_observer(kObserver);
    number += change;
    if (number == 0) remove_observer(kObserver);
  }
  static inline std::mutex mutex;
  static inline int number = 0;
};

OpListener::OpListener() : outer_(std::exchange(innermost, this)) { Listeners::count(1); }

OpListener::~OpListener() {
  innermost = outer_;
  Listeners::count(-1);
}

}
