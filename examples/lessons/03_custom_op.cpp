/// Lesson 3: an op of one's own.
///
/// An op is one function: it makes its output, computes the numbers, and records a closure that passes the gradient
/// back. It needs no class, no registration and no change to the library. The example is Swish with a learned slope
/// (Ramachandran et al. 2017):  y = x σ(βx).
///
/// The derivatives, with s = σ(βx) and σ' = s (1 - s):
///
///     dy/dx = s + βx s (1 - s)        dy/dβ = x² s (1 - s)
///
/// This program is linked to the double build of the library, for the gradcheck.

#include <fmt/core.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "autograd/inspect/formulas.h"
#include "autograd/inspect/trace.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

using namespace gradus;

namespace {

Real sigma(Real z) { return 1 / (1 + std::exp(-z)); }

/// y = x σ(βx), number by number.   x: any shape, beta: () -> y: the shape of x
Tensor swish(Tensor x, Tensor beta) {
  // 1. User mistakes are named, in the form "op: problem: the shapes; the rule". `fail` adds the module, if in one.
  if (beta.size() != 1) fail("swish: beta is not one number: it is {}; need shape ()", beta.shape());

  // 2. The output: on the tape, with room for its numbers, and with the tensors that it depends on.
  Tensor y = output(x.shape(), {x, beta});

  // 3. Forward.
  for (std::size_t i = 0; i < x.size(); ++i) y.value()[i] = x.value()[i] * sigma(beta.item() * x.value()[i]);

  // 4. Backward. The closure holds copies of the handles (which is cheap: they hold no numbers). When it runs, the
  //    gradient of y is complete. It adds (+=, since x may have other uses) to the accumulator of each input that wants
  //    a gradient. The tape forgets the closure without destroying it, so it may not hold a vector or a string; the
  //    compiler says so if it does. It does not see a reference (`[&]`) or a span of your own data, which would dangle:
  //    capture by value, and lists through `Tape::active().arena().copy(list)`.
  record("swish", y, [=] {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Real v = x.value()[i], dy = y.grad()[i];
      const Real s = sigma(beta.item() * v);
      if (x.needs_grad()) accumulator(x)[i] += dy * (s + beta.item() * v * s * (1 - s));
      if (beta.needs_grad()) accumulator(beta)[0] += dy * v * v * s * (1 - s);
    }
  });
  return y;
}

/// What the op computes and passes back, in the words of a trace; optional.
const bool has_formula = add_formula({"swish", "x beta", "y", "y = x ∘ s, s = σ(beta x)",
                                      "dx += dy ∘ (s + beta x ∘ s ∘ (1 - s)); dbeta += Σ dy ∘ x² ∘ s ∘ (1 - s)"});

}

int main() {
  fmt::print("1. The gradient is right\n\n");
  const GradcheckResult result = gradcheck("swish", {{2, 3}, {}}, swish);
  fmt::print("swish: {} numbers checked, all right\n", result.checked);

  fmt::print("\n2. It works with all other ops\n\n");
  // The data is Swish with β = 2. Starting from 0.5, gradient descent finds it.
  const std::vector<Real> inputs{-2, -1, -0.5, 0.5, 1, 2};
  std::vector<Real> targets;
  for (Real x : inputs) targets.push_back(x * sigma(2 * x));
  Real beta = 0.5;
  for (int step = 0; step <= 50; ++step) {
    Tape tape;
    Tensor b = variable({}, {beta});
    Tensor y = swish(constant({6}, inputs), b);
    Tensor loss = mean(square(y - constant({6}, targets)));
    tape.backward(loss);
    if (step % 10 == 0) fmt::print("step {:2}: beta = {:.3f}, loss = {:.5f}\n", step, beta, loss.item());
    beta -= 3 * b.grad()[0];
  }

  fmt::print("\n3. A mistake in its use is named\n\n");
  try {
    Tape tape;
    swish(constant({2}, {1, 2}), constant({3}, {1, 1, 1}));
  } catch (const Error& error) {
    fmt::print("{}\n", error.what());
  }

  fmt::print("\n4. A trace shows it with its formulas\n\n");
  Tape tape;
  tape.backward(sum(swish(variable({2}, {1, -1}), variable({}, {2}))));
  fmt::print("{}", trace(tape));
}
