#include "autograd/tensor.h"

#include <algorithm>

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

int Array::rows() const {
  int rows = 1;
  for (int axis = 0; axis < shape.rank() - 1; ++axis) rows *= shape[axis];
  return rows;
}

Node& Tensor::node() const {
  if (node_ == nullptr) fail("tensor: empty handle; assign it the result of an op before use");
  if (!Tape::is_of_this_thread(id_)) fail("tensor: used on another thread than the one whose tape recorded it");
  if (node_->id != id_) fail("tensor: used after its tape ended; read what you need before the Tape goes out of scope");
  return *node_;
}

const Shape& Tensor::shape() const { return node().shape; }

Array Tensor::value() const {
  const Node& n = node();
  return {n.value, n.shape};
}

Array Tensor::grad() const {
  Node& n = node();
  if (!n.needs_grad) fail("grad: this tensor (made by {}) needs no gradient", n.op);
  if (n.grad == nullptr) {
    if (n.tape != &Tape::active())
      fail("grad: another tape is active than the one this tensor (made by {}) is on", n.op);
    std::fill_n(n.tape->new_grad(n), n.shape.size(), Real{0});
  }
  return {n.grad, n.shape};
}

bool Tensor::needs_grad() const { return node().needs_grad; }

Real Tensor::item() const {
  if (size() != 1) fail("item: tensor has shape {}; need exactly one number", shape());
  return value()[0];
}

}
