#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "autograd/inspect/observers.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

using namespace gradus;

TEST_SUITE("observers") {
  TEST_CASE("an observer hears of every op, forward and backward, on its thread") {
    static std::vector<std::string> heard;
    heard.clear();
    const auto restore = set_op_observer([](const char* op, Pass pass) {
      heard.push_back(std::string(op) + (pass == Pass::Forward ? " forward" : " backward"));
    });
    {
      Tape tape;
      const Tensor x = variable({2}, {1, 2});
      tanh(x);  // which the loss does not depend on
      tape.backward(sum(square(x)));
    }
    set_op_observer(restore);
    CHECK(heard ==
          std::vector<std::string>{"tanh forward", "square forward", "sum forward", "sum backward", "square backward"});
  }
}
