/// Lesson 4: a layer of one's own.
///
/// A layer is a struct with parameters and other layers as members. Declaring a member is all it takes: it knows its
/// path, is listed, trained and saved. The example is the highway layer (Srivastava, Greff, Schmidhuber 2015, eq. 3):
/// a gate t decides, number by number, how much of x is transformed and how much passes as it is.
///
///     y = t ∘ tanh(W_h x + b_h) + (1 - t) ∘ x        t = σ(W_t x + b_t)
///
/// The classifier made of it has two outputs, a number for each class, which may be as large or small as they like: its
/// *logits*. Softmax makes probabilities of them, exp(z_k) / Σ_j exp(z_j), and the loss, `cross_entropy`, is -log of
/// the right one's.
///
/// This program is linked to the double build of the library, for the gradcheck.

#include <fmt/core.h>

#include "autograd/gradcheck.h"
#include "nn/layers.h"
#include "nn/optim/optimizer.h"
#include "ops/cross_entropy.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

using namespace gradus;

namespace {

/// x: (B, size) -> (B, size)
struct Highway : Module {
  Highway(Module* parent, std::string name, int size)
      : Module(parent, std::move(name)), transform{this, "transform", size, size}, gate{this, "gate", size, size} {}

  Tensor operator()(Tensor x) {
    Tensor t = sigmoid(gate(x));
    return t * tanh(transform(x)) + (1 - t) * x;
  }

  Linear transform, gate;
};

/// A classifier of points in the plane.   x: (B, 2) -> logits: (B, 2)
struct Classifier : Module {
  Tensor operator()(Tensor x) { return output(second(first(tanh(input(x))))); }

  Linear input{this, "input", 2, 8};
  Highway first{this, "first", 8}, second{this, "second", 8};
  Linear output{this, "output", 8, 2};
};

}

int main() {
  fmt::print("1. The layer is right: gradients of its input and of all its parameters\n\n");
  Highway layer(nullptr, "highway", 3);
  const GradcheckResult result = gradcheck(
      "highway", {{2, 3}}, [&](Tensor x) { return layer(x); }, layer.parameters());
  fmt::print("highway: {} numbers checked, all right\n", result.checked);

  fmt::print("\n2. A model of it knows its parts\n\n");
  Classifier model;
  fmt::print("{}\n", model.summary());

  fmt::print("3. It learns exclusive or\n\n");
  // Two inputs are of class 1 if exactly one of them is positive: no straight line separates the classes.
  const std::vector<Real> points{-1, -1, -1, 1, 1, -1, 1, 1};
  const std::vector<int> classes{0, 1, 1, 0};
  Adam adam(model.parameters(), {.learning_rate = 0.02});
  for (int step = 0; step <= 40; ++step) {
    Tape tape;
    Tensor loss = cross_entropy(model(constant({4, 2}, points)), classes);
    tape.backward(loss);
    if (step % 10 == 0) fmt::print("step {:2}: loss = {:.3f}\n", step, loss.item());
    adam.step({.zero_grads = true});
  }
  {
    Tape tape(Tape::Inference);  // nothing needs to be recorded to use what was learnt
    const std::vector<int> answers = argmax(model(constant({4, 2}, points)));
    for (int i = 0; i < 4; ++i)
      fmt::print("({:2}, {:2}) is of class {}\n", points[2 * i], points[2 * i + 1], answers[i]);
  }

  fmt::print("\n4. A mistake is named, and the place in the model where it was made\n\n");
  try {
    Tape tape;
    model.second(constant({1, 5}, {1, 2, 3, 4, 5}));
  } catch (const Error& error) {
    fmt::print("{}\n", error.what());
  }
}
