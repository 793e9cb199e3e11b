#include "autograd/tensor.h"

#include <atomic>

namespace gradus::inline GRADUS_PRECISION {

namespace {

// An id is (number of the thread, number within the thread); 0 is nobody's.
constexpr int kThreadShift = 40;
std::atomic<std::uint64_t> thread_count{0};
thread_local std::uint64_t last_id = thread_count++ << kThreadShift;

bool is_of_this_thread(std::uint64_t id) { return id >> kThreadShift == last_id >> kThreadShift; }

}

Tensor::Tensor(Node& node) : node_(&node), id_(node.id) {}

std::uint64_t Tensor::new_id() { return ++last_id; }

Node& Tensor::node() const {
  if (node_ == nullptr) fail("tensor: empty handle; assign it the result of an op before use");
  if (!is_of_this_thread(id_)) fail("tensor: used on another thread than the one whose tape recorded it");
  if (node_->id == kEndedLeaf)
    fail("tensor: the parameter it stands for ended before the tape; let modules live longer");
  if (node_->id != id_) fail("tensor: used after its tape ended; read what you need before the Tape goes out of scope");
  return *node_;
}

const Shape& Tensor::shape() const { return node().shape; }

Array Tensor::value() { return {node().value, node().shape}; }

ConstArray Tensor::value() const { return {node().value, node().shape}; }

ConstArray Tensor::grad() const {
  const Node& n = node();
  if (n.leaf != nullptr) fail("grad: this tensor stands for a parameter; read the gradient of the parameter itself");
  if (!n.needs_grad) fail("grad: this tensor (made by {}) needs no gradient", n.op);
  if (n.grad == nullptr) fail("grad: no gradient has reached this tensor (made by {})", n.op);
  return {n.grad, n.shape};
}

bool Tensor::needs_grad() const { return node().needs_grad; }

Real Tensor::item() const {
  if (size() != 1) fail("item: tensor has shape {}; need exactly one number", shape());
  return value()[0];
}

}
