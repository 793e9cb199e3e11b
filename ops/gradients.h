#pragma once

#include <utility>

#include "autograd/tape.h"
#include "ops/kernels/kernels.h"

/// How backward closures read and add gradients without touching memory more often than they must.

namespace gradus::inline GRADUS_PRECISION {
namespace detail {

/// The gradient that has reached a tensor, or zeros.
inline void copy_grad_or_zero(Tensor x, Real* dx, std::size_t size) {
  if (x.node().grad != nullptr) {
    kernels::copy(x.node().grad, dx, size);
  } else {
    kernels::fill(0, dx, size);
  }
}

/// Adds to the gradient of an optional tensor, if it needs one.
inline void add_grad(Tensor x, const Real* dx) {
  if (!x || !x.needs_grad()) return;
  Node& node = x.node();
  const std::size_t size = node.shape.size();
  if (node.grad != nullptr) {
    kernels::add(node.grad, dx, node.grad, size);
  } else {  // the first to arrive needs no zeros to be added to
    kernels::copy(dx, node.tape->new_grad(node), size);
  }
}

/// The same for a bias, (n), that was added to each of the rows of dx: (rows, n).
inline void add_grad_of_rows(Tensor bias, const Real* dx, int rows) {
  if (!bias.needs_grad()) return;
  const Array dbias = bias.grad();
  for (int row = 0; row < rows; ++row) {
    kernels::add(dbias.data, dx + row * dbias.size(), dbias.data, dbias.size());
  }
}

/// The same as `add_grad` for memory of the tape that nobody else uses from now on: the first to arrive becomes the
/// gradient itself.
inline void give_grad(Tensor x, Real* dx) {
  if (!x || !x.needs_grad()) return;
  Node& node = x.node();
  if (node.grad != nullptr) {
    kernels::add(node.grad, dx, node.grad, node.shape.size());
  } else {
    node.grad = dx;
  }
}

/// For an op of one input of the same size: compute(dy, dx) computes what goes to x; where nobody will look at dy
/// again, in its place.
template <class Compute>
void pass_grad(Tensor y, Tensor x, Compute compute) {
  if (!x.needs_grad()) return;
  Real* const dy = y.grad().data;
  if (Tape::active().keeps_grads()) {
    Scratch scratch;
    Real* const dx = scratch.allocate(x.size());
    compute(static_cast<const Real*>(dy), dx);
    add_grad(x, dx);
  } else {
    compute(static_cast<const Real*>(dy), dy);
    if (x.node().grad == nullptr) {
      std::swap(x.node().grad, y.node().grad);
      std::swap(x.node().owns_grad, y.node().owns_grad);
    } else {
      add_grad(x, dy);
      Tape::active().drop_grad(y);
    }
  }
}

}
}
