#include "autograd/inspect/observers.h"

#include <atomic>
#include <cmath>
#include <string_view>

#include "autograd/seam.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

std::atomic<bool> check_finite{false};
std::atomic<OpObserver> op_observer{nullptr};
std::atomic<int> listeners{0};
thread_local OpListener* innermost = nullptr;

void tell(const char* op, Pass pass) {
  if (const OpObserver observer = op_observer.load(std::memory_order_relaxed)) observer(op, pass);
}

void require_finite(const char* op, const char* what, const Shape& shape, const Real* numbers) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (!std::isfinite(numbers[i])) fail("{}: {} of shape {} is {} at flat index {}", op, what, shape, numbers[i], i);
  }
}

}

/// Goes through the listeners of this thread.
struct Listeners {
  static void tell(void (OpListener::*what)(std::span<const Tensor>), std::span<const Tensor> outputs) {
    for (OpListener* listener = innermost; listener != nullptr; listener = listener->outer_) (listener->*what)(outputs);
  }
};

namespace {

void computed(const char* op, std::span<const Tensor> outputs) {
  Listeners::tell(&OpListener::computed, outputs);
  if (op != std::string_view("variable")) tell(op, Pass::Forward);
  if (!check_finite.load(std::memory_order_relaxed)) return;
  for (const Tensor& output : outputs) require_finite(op, "output", output.shape(), output.value().data);
}

void passed_back(const char* op, std::span<const Tensor> outputs) {
  Listeners::tell(&OpListener::passed_back, outputs);
  tell(op, Pass::Backward);
  if (!check_finite.load(std::memory_order_relaxed)) return;
  for (const Tensor& input : outputs.front().node().inputs) {
    const Node& node = input.node();
    if (node.grad != nullptr) require_finite(op, "gradient passed to an input", node.shape, node.grad);
  }
}

/// The tape calls nobody while there is nobody to hear it.
void update() {
  static constexpr TapeObserver kObserver{computed, passed_back};
  set_observer(check_finite || op_observer != nullptr || listeners > 0 ? &kObserver : nullptr);
}

}

void set_check_finite(bool on) {
  check_finite = on;
  update();
}

OpObserver set_op_observer(OpObserver observer) {
  const OpObserver before = op_observer.exchange(observer);
  update();
  return before;
}

OpListener::OpListener() : outer_(std::exchange(innermost, this)) {
  ++listeners;
  update();
}

OpListener::~OpListener() {
  innermost = outer_;
  --listeners;
  update();
}

}
