#pragma once

#include <concepts>

#include "autograd/scratch.h"
#include "ops/broadcast.h"
#include "ops/gradients.h"
#include "ops/kernels/map.h"

/// Ops of each number by itself, put together of a function and its derivatives. Their loops are compiled for several
/// instruction sets where they are used, so that is in a file listed in `gradus_kernel_sources`.

namespace gradus::inline GRADUS_PRECISION {
namespace detail {

/// An op of one tensor. `forward` is the function of one number, or a loop (x, y, n) over many; `derivative` is
/// dy/dx, as a function of x and y, or the gradient dy · dy/dx itself, as a function of x, y and dy.
template <class Forward, class Derivative>
Tensor unary(const char* name, Tensor x, Forward forward, Derivative derivative) {
  Tensor y = output(x.shape(), {x}, nullptr, name);
  if constexpr (std::invocable<Forward, const Real*, Real*, std::size_t>) {
    forward(x.value().data, y.value().data, x.size());
  } else {
    kernels::map(x.value().data, y.value().data, x.size(), forward);
  }
  record(name, y, [=] {
    detail::accumulate(x, [=](Real* dx) {
      if constexpr (std::invocable<Derivative, Real, Real, Real>) {
        kernels::map(x.value().data, y.value().data, y.grad().data, dx, x.size(), derivative);
      } else {
        kernels::chain_rule(x.value().data, y.value().data, y.grad().data, dx, x.size(), derivative);
      }
    });
  });
  return y;
}

/// y = f(a, b) for tensors that broadcast.
template <class F>
void map(const Broadcast& rows, const Tensor& a, const Tensor& b, Tensor y, F f) {
  Scratch scratch;
  Real *const a_buffer = scratch.allocate(Broadcast::kMaxRow), *const b_buffer = scratch.allocate(Broadcast::kMaxRow);
  rows.each_row([&, va = a.value(), vb = b.value(), vy = y.value()](const Broadcast::Row& row) {
    const Real* a_row = stretched(va, row.a, row.size, a_buffer);
    const Real* b_row = stretched(vb, row.b, row.size, b_buffer);
    kernels::map(a_row, b_row, vy.data + row.begin, row.size, f);
  });
}

/// An op of two tensors that broadcast. `forward` is y = f(a, b); `to_a` and `to_b` are dy ∂f/∂a and dy ∂f/∂b, as
/// functions of a, b and dy.
template <class Forward, class ToA, class ToB>
Tensor binary(const char* name, Tensor a, Tensor b, Forward forward, ToA to_a, ToB to_b) {
  const Broadcast rows(name, a.shape(), b.shape());
  Tensor y = output(rows.shape(), {a, b}, nullptr, name);
  map(rows, a, b, y, forward);
  record(name, y, [=] {
    Scratch scratch;
    Real *const a_buffer = scratch.allocate(Broadcast::kMaxRow), *const b_buffer = scratch.allocate(Broadcast::kMaxRow);
    Real* const g = scratch.allocate(Broadcast::kMaxRow);
    StretchedGradient da(a, y.size(), scratch), db(b, y.size(), scratch);
    rows.each_row([&, va = a.value(), vb = b.value(), dy = y.grad()](const Broadcast::Row& row) {
      const Real* a_row = stretched(va, row.a, row.size, a_buffer);
      const Real* b_row = stretched(vb, row.b, row.size, b_buffer);
      if (da) {
        kernels::map(a_row, b_row, dy.data + row.begin, g, row.size, to_a);
        da.add(g, row.a, row.size);  // da += Σ dy ∂f/∂a
      }
      if (db) {
        kernels::map(a_row, b_row, dy.data + row.begin, g, row.size, to_b);
        db.add(g, row.b, row.size);  // db += Σ dy ∂f/∂b
      }
    });
    da.finish();
    db.finish();
  });
  return y;
}

}
}
