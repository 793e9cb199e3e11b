#pragma once

#include "autograd/scratch.h"
#include "autograd/tape.h"
#include "ops/kernels/elementwise.h"

/// How backward closures read and add gradients without touching memory more often than they must.

namespace gradus::inline GRADUS_PRECISION {
namespace detail {

/// dx = the gradient that has reached a tensor, or zeros.
inline void copy_grad_or_zero(Tensor x, Real* dx, std::size_t size) {
  if (x.node().grad != nullptr) {
    kernels::copy(x.node().grad, dx, size);
  } else {
    kernels::fill(0, dx, size);
  }
}

/// The accumulator of a tensor's gradient, or an empty array for one that needs none.
inline Array accumulator_if_needed(Tensor x) { return x.needs_grad() ? accumulator(x) : Array{}; }

/// Adds what compute(dx) writes to dx to the gradient of a tensor, if that needs one: the first to arrive is written to
/// its place, and needs no zeros to be added to.
template <class Compute>
void accumulate(Tensor x, Compute compute) {
  if (!x.needs_grad()) return;
  Node& node = x.node();
  if (node.grad == nullptr) {
    compute(node.tape->new_grad(node));
    return;
  }
  const std::size_t size = node.shape.size();
  Scratch scratch;
  Real* const dx = scratch.allocate(size);
  compute(dx);
  kernels::add(node.grad, dx, node.grad, size);
}

/// Adds dx to the gradient of an optional tensor, if there is one and it needs it.
inline void add_grad(Tensor x, const Real* dx) {
  if (!x || !x.needs_grad()) return;
  Node& node = x.node();
  const std::size_t size = node.shape.size();
  if (node.grad != nullptr) {
    kernels::add(node.grad, dx, node.grad, size);
  } else {
    kernels::copy(dx, node.tape->new_grad(node), size);
  }
}

/// Adds dx, memory of the tape that nobody else uses from now on, to the gradient of an optional tensor: the first to
/// arrive becomes the gradient itself.
inline void give_grad(Tensor x, Real* dx) {
  if (!x || !x.needs_grad()) return;
  Node& node = x.node();
  if (node.grad != nullptr) return kernels::add(node.grad, dx, node.grad, node.shape.size());
  node.grad = dx;
}

/// Adds to the gradient of a bias, (n), that was added to each of the rows of dx: (rows, n).
inline void add_grad_of_rows(Tensor bias, const Real* dx, int rows) {
  if (!bias.needs_grad()) return;
  const Array dbias = accumulator(bias);
  for (int row = 0; row < rows; ++row) {
    kernels::add(dbias.data, dx + row * dbias.size(), dbias.data, dbias.size());
  }
}

}
}
