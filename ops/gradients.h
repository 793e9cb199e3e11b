#pragma once

#include <algorithm>
#include <new>

#include "autograd/scratch.h"
#include "autograd/tape.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/reduction.h"

/// How backward closures read and add gradients without touching memory more often than they must.

namespace gradus::inline GRADUS_PRECISION {
namespace detail {

/// The tensors that are no empty handles.
inline std::span<const Tensor> inputs_given(List<Tensor> tensors, Scratch& scratch) {
  Tensor* const given = scratch.allocate<Tensor>(tensors.size());
  std::size_t count = 0;
  for (const Tensor& tensor : tensors) {
    if (tensor) new (&given[count++]) Tensor(tensor);
  }
  return {given, count};
}

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

/// The sum of any number of rows, of n numbers each, which come one at a time: blocks of them add up in Real, and the
/// blocks in double.
class RowSums {
 public:
  RowSums(std::size_t n, Scratch& scratch) : n_(n), block_(scratch.allocate(n)), total_(scratch.allocate<double>(n)) {
    kernels::fill(0, block_, n);
    std::fill_n(total_, n, 0.0);
  }
  /// Where the caller adds the next row to.
  Real* next() {
    if (rows_++ % kBlock == kBlock - 1) close_block();
    return block_;
  }
  /// y += the sum of all rows.
  void add_to(const Array& y) {
    close_block();
    for (std::size_t i = 0; i < n_; ++i) y.data[i] += static_cast<Real>(total_[i]);
  }

 private:
  static constexpr std::size_t kBlock = 64;
  void close_block() {
    kernels::add_to_double(block_, total_, n_);
    kernels::fill(0, block_, n_);
  }

  std::size_t n_, rows_ = 0;
  Real* block_;
  double* total_;
};

/// Adds to the gradient of a bias, (n), that was added to each of the rows of dx: (rows, n).
inline void add_grad_of_rows(Tensor bias, const Real* dx, int rows) {
  if (!bias.needs_grad()) return;
  const Array dbias = accumulator(bias);
  kernels::add_rows(dx, std::size_t(rows), dbias.size(), dbias.size(), dbias.data);
}

}
}
