/// Lesson 2: how to know that a gradient is right.
///
/// A derivative is the limit of (f(x + h) - f(x - h)) / 2h. With a small h this central difference needs nothing but
/// the forward pass, which is easily trusted. So a backward pass is checked number by number against it. Here this is
/// done once by hand, then in one line, and then a mistake is made on purpose.
///
/// This program is linked to the double build of the library: in float, a difference of two nearly equal numbers
/// keeps too few digits to be compared with.

#include <fmt/core.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

using namespace gradus;

namespace {

/// f(x) = x tanh(x).
Tensor f(Tensor x) { return x * tanh(x); }

/// The value alone needs no recording: an inference tape.
double value_of_f(double x) {
  Tape tape(Tape::Inference);
  return f(constant({}, {x})).item();
}

double gradient_of_f(double x) {
  Tape tape;
  Tensor v = variable({}, {x});
  tape.backward(f(v));
  return v.grad()[0];
}

/// y = 1/x, with a mistake: the derivative is -1/x² = -y², and the square was forgotten.
Tensor inverse(Tensor x) {
  Tensor y = output(x.shape(), {x});
  for (std::size_t i = 0; i < x.size(); ++i) y.value()[i] = 1 / x.value()[i];
  record("inverse", y, [=] {
    for (std::size_t i = 0; i < x.size(); ++i) accumulator(x)[i] -= y.value()[i] * y.grad()[i];
  });
  return y;
}

}

int main() {
  fmt::print("1. By hand: the derivative of x tanh(x) at x = 0.7\n\n");
  const double x = 0.7, gradient = gradient_of_f(x);
  fmt::print("backward gives           {:.6f}\n", gradient);
  for (double h : {1e-1, 1e-2, 1e-3}) {
    const double difference = (value_of_f(x + h) - value_of_f(x - h)) / (2 * h);
    fmt::print("differences, h = {:<5.0e}:  {:.6f}, off by {:.0e}\n", h, difference, std::abs(difference - gradient));
  }
  // The error is proportional to h²: ten times smaller, a hundred times better. It does not go on for ever: f is
  // rounded to about 1e-16, and the division by 2h makes that about 1e-16/h. Below about 1e-5 this outweighs what h²
  // saves, and smaller steps are worse again. gradcheck takes 1e-5.

  fmt::print("\n2. In one line\n\n");
  // The name, the shapes of the inputs, and the function. The inputs are filled with random numbers, every one of them
  // is moved up and down, and the outputs are weighed with random numbers, so that no error can hide in a sum.
  GradcheckResult result = gradcheck("x tanh(x)", {{2, 3}}, f);
  fmt::print("x tanh(x): {} numbers checked, all right\n", result.checked);
  result = gradcheck("matmul", {{2, 3}, {3, 4}}, matmul);
  fmt::print("matmul: {} numbers checked, all right\n", result.checked);
  // Functions that are not defined everywhere get their inputs from a range.
  gradcheck("log", {CheckInput::between({5}, 0.5, 2)}, [](Tensor x) { return log(x); });
  // What is composed of ops is checked the same way, for instance an attention: queries, keys, values.
  result = gradcheck("attention", {{2, 3}, {4, 3}, {4, 5}}, [](Tensor q, Tensor k, Tensor v) {
    Tensor weights = softmax(linear(q, k));  // linear(q, k) is q kᵀ
    return matmul(weights, v);
  });
  fmt::print("attention: {} numbers checked, all right\n", result.checked);

  fmt::print("\n3. A mistake is found\n\n");
  // At x = 1 the wrong derivative happens to be right. At x = 5 the relative error is the largest, and that place is
  // named. Both printed numbers are the derivative times the random weight of that output (here -0.54): of -0.2, which
  // the closure takes, and of the true -0.04.
  try {
    gradcheck("inverse", {CheckInput::of({2, 2}, {1, 2, 4, 5})}, inverse);
  } catch (const Error& error) {
    fmt::print("{}\n", error.what());
  }
}
