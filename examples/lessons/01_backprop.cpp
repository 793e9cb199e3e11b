/// Lesson 1: backpropagation.
///
/// One neuron, y = tanh(w · x + b), should answer `target` to the input x; its loss is (y - target)². How must w and b
/// change for the loss to fall? That is the gradient of the loss, and this program computes it twice: by hand, with
/// the chain rule, and by a tape. Then it follows the gradient downhill.
///
/// Read this together with autograd/tape.h, which is the whole engine.

#include <cmath>

#include "autograd/inspect/player.h"
#include "autograd/inspect/print.h"
#include "autograd/inspect/trace.h"
#include "autograd/names.h"
#include "autograd/tape.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

using namespace gradus;

int main() {
  const float x0 = 1, x1 = -2, target = -0.5;
  float w0 = 0.4f, w1 = 0.1f, b = 0.3f;

  fmt::print("1. By hand\n\n");
  // Forward: one small step after the other, and every intermediate result is kept.
  const float z = w0 * x0 + w1 * x1 + b;
  const float y = std::tanh(z);
  const float error = y - target;
  const float loss_by_hand = error * error;
  // Backward: the same steps from the last to the first. `dz` is short for d loss / d z. Each line takes the gradient
  // of a step's result, which is known by then, and multiplies it by the derivative of that one step.
  const float dloss = 1;                   // d loss / d loss
  const float derror = dloss * 2 * error;  // loss = error²
  const float dy = derror;                 // error = y - target
  const float dz = dy * (1 - y * y);       // y = tanh(z), and tanh' = 1 - tanh²
  const float dw0 = dz * x0;               // z = w0 x0 + w1 x1 + b
  const float dw1 = dz * x1;
  const float db = dz;
  fmt::print("loss = {:.3f}\n", loss_by_hand);
  fmt::print("dw = ({:.3f}, {:.3f}), db = {:.3f}\n\n", dw0, dw1, db);

  fmt::print("2. By a tape\n\n");
  {
    // While the tape lives, each op computes its value and records a closure with its line of the backward pass.
    Tape tape;
    Tensor x = named("x", constant({2}, {x0, x1}));  // the names are for the trace below
    Tensor w = named("w", variable({2}, {w0, w1}));  // a variable is what gradients are wanted for
    Tensor bias = named("bias", variable({}, {b}));
    Tensor z = sum(w * x) + bias;
    Tensor y = tanh(z);
    Tensor error = y - target;
    Tensor loss = square(error);
    // Runs the closures from the last to the first, starting from d loss / d loss = 1.
    tape.backward(loss);

    fmt::print("Values, in the order they were computed:\n");
    print("w", w);
    print("x", x);
    print("z", z);
    print("y", y);
    print("error", error);
    print("loss", loss);
    fmt::print("Gradients, in the order they became known:\n");
    print("dloss", loss.grad());
    print("derror", error.grad());
    print("dy", y.grad());
    print("dz", z.grad());
    print("dw", w.grad());
    print("dbias", bias.grad());
    // x is a constant: nobody wants its gradient, so none was computed.

    // The whole tape at a glance, its tensors numbered: what was computed of what, and the line of each closure.
    fmt::print("\nThe tape:\n{}", trace(tape));
  }  // Here the tape ends. Its memory goes back, and x, w and all others are no longer valid.

  fmt::print("\n3. What is used twice has two gradients, and they add up\n\n");
  {
    // By the product rule, d/da (a·a + a) = a + a + 1: one summand for each place where a is used. That is why a
    // closure adds to the gradients of its inputs and never replaces them.
    Tape tape;
    Tensor a = variable({}, {3});
    tape.backward(a * a + a);
    print("da", a.grad());
  }

  fmt::print("\n4. A page to step through it\n\n");
  // The same neuron, played op by op and closure by closure, with a use of y more, so that gradients add up. The page
  // computes the loss again and again with one number changed a little, to measure how fast the loss changes with it:
  // that is what a gradient says.
  const auto neuron = [&] {
    Tensor x = named("x", constant({2}, {x0, x1}));
    Tensor w = named("w", variable({2}, {w0, w1}));
    Tensor bias = named("bias", variable({}, {b}));
    Tensor y = named("y", tanh(sum(w * x) + bias));
    Tensor error = named("error", y - target);
    return named("loss", square(error) + 0.1f * square(y));
  };
  write_player(neuron, "backprop.html", {.title = "One neuron, forward and backward"});
  fmt::print("backprop.html is written: open it in a browser, and press the right arrow key.\n");

  fmt::print("\n5. Downhill\n\n");
  // The gradient says in which direction the loss grows. A small step in the other direction makes it smaller. Each
  // step is a new tape over the new numbers.
  const float rate = 0.05f;
  for (int step = 0; step <= 8; ++step) {
    Tape tape;
    Tensor w = variable({2}, {w0, w1});
    Tensor bias = variable({}, {b});
    Tensor y = tanh(sum(w * constant({2}, {x0, x1})) + bias);
    Tensor loss = square(y - target);
    tape.backward(loss);
    fmt::print("step {}: y = {:.3f}, loss = {:.3f}\n", step, y.item(), loss.item());
    w0 -= rate * w.grad()[0];
    w1 -= rate * w.grad()[1];
    b -= rate * bias.grad()[0];
  }
}
