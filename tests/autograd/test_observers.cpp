#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "autograd/inspect/observers.h"
#include "autograd/path.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

using namespace gradus;

TEST_SUITE("observers") {
  TEST_CASE("the check for finite numbers names op, index and module") {
    struct Switch {
      Switch() { set_check_finite(true); }
      ~Switch() { set_check_finite(false); }
    } on;
    Tape tape;
    const ModulePath here("decoder.output");
    CHECK_THROWS_WITH_AS(log(variable({2}, {1, 0})),
                         "log: output of shape (2) is -inf at flat index 1 [in decoder.output]", Error);
    const Tensor x = variable({2}, {4, 0});
    CHECK_THROWS_WITH_AS(tape.backward(sum(sqrt(x))),
                         "sqrt: gradient passed to an input of shape (2) is inf at flat index 1 [in decoder.output]",
                         Error);
  }

  TEST_CASE("without the check infinite numbers pass") {
    Tape tape;
    CHECK(log(constant({1}, {0})).item() < 0);
  }

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
