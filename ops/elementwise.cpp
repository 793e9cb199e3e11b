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

/// What is computed in between, where that may be larger or smaller than any Real although the result is not.
using Wide = double;

/// An op of one tensor. `forward` is the function of one number, or a loop (x, y, n) over many; `derivative` is
/// dy/dx, as a function of x and y, or the gradient dy · dy/dx itself, as a function of x, y and dy.
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
      if constexpr (std::invocable<Derivative, Real, Real, Real>) {
        kernels::map(x.value().data, y.value().data, y.grad().data, dx, x.size(), derivative);
      } else {
        kernels::chain_rule(x.value().data, y.value().data, y.grad().data, dx, x.size(), derivative);
      }
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
      [](Real a, Real b, Real dy) { return static_cast<Real>(-Wide(dy) * (Wide(a) / b) / b); });  // db += -dy y / b
}

Tensor affine(Tensor x, Real scale, Real shift) {
  return unary(
      "affine", x, [=](Real x) { return scale * x + shift; }, [=](Real, Real) { return scale; });
}

Tensor exp(Tensor x) {
  return unary("exp", x, kernels::exp, [](Real, Real y) { return y; });
}

Tensor log(Tensor x) {
  return unary("log", x, kernels::log, [](Real x, Real, Real dy) { return dy / x; });
}

Tensor tanh(Tensor x) {
  // 1 - y² = 4 e / (1 + e)² with e = exp(-2 |x|), which keeps its digits where y rounds to ±1.
  return unary("tanh", x, kernels::tanh, [](Real x, Real) {
    const Real e = exp_approx(-2 * std::abs(x));
    return 4 * e / ((1 + e) * (1 + e));
  });
}

Tensor sigmoid(Tensor x) {
  // y (1 - y) = e / (1 + e)² with e = exp(-|x|), which keeps its digits where y rounds to 1.
  return unary("sigmoid", x, kernels::sigmoid, [](Real x, Real) {
    const Real e = exp_approx(-std::abs(x));
    return e / ((1 + e) * (1 + e));
  });
}

Tensor relu(Tensor x) {
  return unary(
      "relu", x, [](Real x) { return x < 0 ? Real(0) : x; }, [](Real x, Real) { return x > 0 ? Real(1) : Real(0); });
}

Tensor gelu(Tensor x) {
  // Φ(x) = erfc(-x / √2) / 2, which unlike (1 + erf(x / √2)) / 2 keeps its digits below 0; Φ'(x) = exp(-x² / 2) /
  // √(2π). Beyond ±40 both are what they are there, so that 0 · ∞ never arises.
  const auto distribution = [](Real x) { return static_cast<Real>(0.5 * std::erfc(-0.70710678118654752 * x)); };
  const auto limited = [](Real x) { return x < -40 ? Real(-40) : x > 40 ? Real(40) : x; };
  return unary(
      "gelu", x, [=](Real x) { return x < 0 ? limited(x) * distribution(x) : x * distribution(x); },
      [=](Real x, Real) {
        const Real near = limited(x);
        return distribution(x) + near * exp_approx(Real(-0.5) * near * near) * Real(0.39894228040143268);
      });
}

Tensor sqrt(Tensor x) {
  return unary(
      "sqrt", x, [](Real x) { return std::sqrt(x); }, [](Real, Real y, Real dy) { return Real(0.5) * dy / y; });
}

Tensor square(Tensor x) {
  return unary(
      "square", x, [](Real x) { return x * x; }, [](Real x, Real) { return 2 * x; });
}

Tensor power(Tensor x, Real exponent) {
  // With exponent 0 the derivative is 0 at x = 0 too, where the formula would give 0 · ∞.
  return unary(
      "power", x, [=](Real x) { return std::pow(x, exponent); },
      [=](Real x, Real, Real dy) {
        return exponent == 0 ? Real(0) : static_cast<Real>(Wide(dy) * exponent * std::pow(Wide(x), Wide(exponent) - 1));
      });
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
