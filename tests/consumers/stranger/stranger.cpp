#include <cstdio>

#include "autograd/tape.h"
#include "nn/layers.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

using namespace gradus;

int main() {
  Tape tape;
  Tensor x = variable({3}, {1, 2, 3});
  tape.backward(sum(square(x)));
  Linear layer{nullptr, "layer", 3, 2};
  std::printf("%g %g %g, %zu parameters\n", x.grad()[0], x.grad()[1], x.grad()[2], layer.parameter_count());
}
