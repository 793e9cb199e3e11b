/// Lesson 0: one multiplication.
///
/// A loss says how wrong something is, and a gradient says how to make it less wrong. All that is needed for a model of
/// millions of numbers is here with two of them: loss = a · b. How fast does the loss change when a changes a little?
/// By as much as b says, since (a + h) · b = a b + h b. This slope, written d loss / d a or, for short, da, is the
/// gradient of a.
///
/// This program measures the slopes, computes them by a rule, and lets a tape apply the rule.

#include "autograd/inspect/player.h"
#include "autograd/inspect/print.h"
#include "autograd/inspect/trace.h"
#include "autograd/names.h"
#include "autograd/tape.h"
#include "ops/elementwise.h"

using namespace gradus;

int main() {
  const float a0 = 3, b0 = -2;
  const auto loss_at = [](float a, float b) { return a * b; };

  fmt::print("1. Measured: move one number a little, and see how far the loss moves\n\n");
  const float h = 0.25f;
  fmt::print("loss = {}\n", loss_at(a0, b0));
  fmt::print("a larger by {}: loss = {}, a slope of {}\n", h, loss_at(a0 + h, b0), (loss_at(a0 + h, b0) - a0 * b0) / h);
  fmt::print("b larger by {}: loss = {}, a slope of {}\n", h, loss_at(a0, b0 + h), (loss_at(a0, b0 + h) - a0 * b0) / h);

  fmt::print("\n2. By a rule: each factor's slope is the other factor\n\n");
  const float dloss = 1;        // d loss / d loss: the loss moves as far as itself
  const float da = dloss * b0;  // loss = a b
  const float db = dloss * a0;
  fmt::print("da = {}, db = {}\n", da, db);

  fmt::print("\n3. By a tape, which writes down each multiplication and the rule that belongs to it\n\n");
  {
    Tape tape;
    Tensor a = named("a", variable({}, {a0}));  // a tensor of no axes, (), is a single number
    Tensor b = named("b", variable({}, {b0}));
    Tensor loss = a * b;
    tape.backward(loss);
    print("loss", loss);
    print("da", a.grad());
    print("db", b.grad());
    fmt::print("\n{}", trace(tape));  // ∘ multiplies number by number
  }

  fmt::print("\n4. Two multiplications: the chain rule\n\n");
  // c = a b and loss = c c. The loss moves 2c times as far as c, and c moves b times as far as a; so the loss moves
  // 2c · b times as far as a. Backward, the first factor is known first: it arrives at c as dc, and is passed on.
  const auto two = [&] {
    Tensor a = named("a", variable({}, {a0}));
    Tensor b = named("b", variable({}, {b0}));
    Tensor c = named("c", a * b);
    return named("loss", c * c);
  };
  {
    Tape tape;
    tape.backward(two());
    fmt::print("{}", trace(tape));
  }
  const float c = a0 * b0, dc = 2 * c;
  fmt::print("by hand: dc = {}, da = dc · b = {}, db = dc · a = {}\n", dc, dc * b0, dc * a0);

  fmt::print("\n5. Less wrong: a small step against the slopes\n\n");
  const float rate = 0.005f, a1 = a0 - rate * dc * b0, b1 = b0 - rate * dc * a0;
  fmt::print("a = {:.2f}, b = {:.2f}: the loss falls from {:.2f} to {:.2f}\n", a1, b1, c * c, a1 * b1 * a1 * b1);

  write_player(two, "multiplication.html", {.title = "Two multiplications, forward and backward"});
  fmt::print("\nmultiplication.html is written: open it in a browser, and press the right arrow key.\n");
}
