#include "ops/elementwise.h"

#include <cmath>
#include <concepts>

#include "autograd/scratch.h"
#include "ops/broadcast.h"
#include "ops/gradients.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/map.h"
#include "ops/kernels/random.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// An op of one tensor. `forward` is the function of one number, or a loop (x, y, n) over many; `derivative` is
/// dy/dx, as a function of x and y.
template <class Forward, class Derivative>
Tensor unary(const char* name, Tensor x, Forward forward, Derivative derivative) {
  Tensor y = output(x.shape(), {x});
  if constexpr (std::invocable<Forward, const Real*, Real*, std::size_t>) {
    forward(x.value().data, y.value().data, x.size());
  } else {
    kernels::map(x.value().data, y.value().data, x.size(), forward);
  }
  record(name, y, [=] {
    detail::accumulate(x, [=](Real* dx) {
      kernels::chain_rule(x.value().data, y.value().data, y.grad().data, dx, x.size(), derivative);
    });
  });
  return y;
}

/// An op of two tensors that broadcast. `forward` is y = f(a, b); `to_a` and `to_b` are dy ∂f/∂a and dy ∂f/∂b, as
/// functions of a, b and dy.
template <class Forward, class ToA, class ToB>
Tensor binary(const char* name, Tensor a, Tensor b, Forward forward, ToA to_a, ToB to_b) {
  const Broadcast rows(name, a.shape(), b.shape());
  Tensor y = output(rows.shape(), {a, b});
  Scratch scratch;
  Real *const a_buffer = scratch.allocate(Broadcast::kMaxRow), *const b_buffer = scratch.allocate(Broadcast::kMaxRow);
  rows.each_row([&, va = a.value(), vb = b.value(), vy = y.value()](const Broadcast::Row& row) {
    const Real* a_row = stretched(va, row.a, row.size, a_buffer);
    const Real* b_row = stretched(vb, row.b, row.size, b_buffer);
    kernels::map(a_row, b_row, vy.data + row.begin, row.size, forward);
  });
  record(name, y, [=] {
    Scratch scratch;
    Real *const a_buffer = scratch.allocate(Broadcast::kMaxRow), *const b_buffer = scratch.allocate(Broadcast::kMaxRow);
    Real* const g = scratch.allocate(Broadcast::kMaxRow);
    const Array da = detail::accumulator_if_needed(a), db = detail::accumulator_if_needed(b);
    rows.each_row([&, va = a.value(), vb = b.value(), dy = y.grad()](const Broadcast::Row& row) {
      const Real* a_row = stretched(va, row.a, row.size, a_buffer);
      const Real* b_row = stretched(vb, row.b, row.size, b_buffer);
      if (da.data != nullptr) {
        kernels::map(a_row, b_row, dy.data + row.begin, g, row.size, to_a);
        add_reduced(g, row.a, row.size, da);  // da += Σ dy ∂f/∂a
      }
      if (db.data != nullptr) {
        kernels::map(a_row, b_row, dy.data + row.begin, g, row.size, to_b);
        add_reduced(g, row.b, row.size, db);  // db += Σ dy ∂f/∂b
      }
    });
  });
  return y;
}

}

Tensor add(Tensor a, Tensor b) {
  return binary(
      "add", a, b, [](Real a, Real b) { return a + b; },  // y = a + b
      [](Real, Real, Real dy) { return dy; },             // da += dy
      [](Real, Real, Real dy) { return dy; });            // db += dy
}

Tensor sub(Tensor a, Tensor b) {
  return binary(
      "sub", a, b, [](Real a, Real b) { return a - b; }, [](Real, Real, Real dy) { return dy; },
      [](Real, Real, Real dy) { return -dy; });
}

Tensor mul(Tensor a, Tensor b) {
  return binary(
      "mul", a, b, [](Real a, Real b) { return a * b; }, [](Real, Real b, Real dy) { return dy * b; },
      [](Real a, Real, Real dy) { return dy * a; });
}

Tensor div(Tensor a, Tensor b) {
  return binary(
      "div", a, b, [](Real a, Real b) { return a / b; }, [](Real, Real b, Real dy) { return dy / b; },
      [](Real a, Real b, Real dy) { return -dy * a / (b * b); });
}

Tensor affine(Tensor x, Real scale, Real shift) {
  return unary(
      "affine", x, [=](Real x) { return scale * x + shift; }, [=](Real, Real) { return scale; });
}

Tensor exp(Tensor x) {
  return unary("exp", x, kernels::exp, [](Real, Real y) { return y; });
}

Tensor log(Tensor x) {
  return unary("log", x, kernels::log, [](Real x, Real) { return 1 / x; });
}

Tensor tanh(Tensor x) {
  return unary("tanh", x, kernels::tanh, [](Real, Real y) { return 1 - y * y; });
}

Tensor sigmoid(Tensor x) {
  return unary("sigmoid", x, kernels::sigmoid, [](Real, Real y) { return y * (1 - y); });
}

Tensor relu(Tensor x) {
  return unary(
      "relu", x, [](Real x) { return x < 0 ? Real(0) : x; }, [](Real x, Real) { return x > 0 ? Real(1) : Real(0); });
}

Tensor gelu(Tensor x) {
  // Φ(x) = (1 + erf(x / √2)) / 2, and Φ'(x) = exp(-x² / 2) / √(2π)
  const auto distribution = [](Real x) { return Real(0.5) * (1 + std::erf(x * Real(0.70710678118654752))); };
  return unary(
      "gelu", x, [=](Real x) { return x * distribution(x); },
      [=](Real x, Real) { return distribution(x) + x * exp_approx(Real(-0.5) * x * x) * Real(0.39894228040143268); });
}

Tensor sqrt(Tensor x) {
  return unary(
      "sqrt", x, [](Real x) { return std::sqrt(x); }, [](Real, Real y) { return Real(0.5) / y; });
}

Tensor square(Tensor x) {
  return unary(
      "square", x, [](Real x) { return x * x; }, [](Real x, Real) { return 2 * x; });
}

Tensor power(Tensor x, Real exponent) {
  // With exponent 0 the derivative is 0 at x = 0 too, where the formula would give 0 · ∞.
  return unary(
      "power", x, [=](Real x) { return std::pow(x, exponent); },
      [=](Real x, Real) { return exponent == 0 ? Real(0) : exponent * std::pow(x, exponent - 1); });
}

Tensor clamp(Tensor x, Real low, Real high) {
  if (!(low <= high)) fail("clamp: empty range: low is {}, high is {}; need low <= high", low, high);
  return unary(
      "clamp", x, [=](Real x) { return x < low    ? low
                                       : x > high ? high
                                                  : x; },
      [=](Real x, Real) { return x < low || x > high ? Real(0) : Real(1); });
}

Tensor dropout(Tensor x, Real probability) {
  if (!(probability >= 0 && probability < 1)) {
    fail("dropout: bad probability: {}; need 0 <= probability < 1", probability);
  }
  if (probability == 0) return x;
  // The mask is made again in the backward, which takes less time than reading it back would.
  const auto make_mask = [=, random = Tape::active().random(x.size())](Scratch& scratch) {
    Real* const mask = scratch.allocate(x.size());
    kernels::dropout_mask(random.seed, random.begin, 1 - probability, mask, x.size());
    return mask;
  };
  Tensor y = output(x.shape(), {x});
  Scratch scratch;
  kernels::mul(x.value().data, make_mask(scratch), y.value().data, x.size());  // y = x ∘ mask
  record("dropout", y, [=] {
    detail::accumulate(x, [=](Real* dx) {
      Scratch scratch;
      kernels::mul(y.grad().data, make_mask(scratch), dx, x.size());  // dx += dy ∘ mask
    });
  });
  return y;
}

}
