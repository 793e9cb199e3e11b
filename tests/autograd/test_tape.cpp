#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "autograd/gather.h"
#include "autograd/mark.h"
#include "autograd/path.h"
#include "autograd/tape.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

/// The identity, which writes its name to a list when its closure runs.
Tensor traced(Tensor x, std::vector<std::string>* trace, const char* name) {
  Tensor y = output(x.shape(), {x});
  std::copy(x.value().begin(), x.value().end(), y.value().begin());
  record("test_traced", y, [=] {
    trace->push_back(name);
    for (std::size_t i = 0; i < x.size(); ++i) accumulator(x)[i] += y.grad()[i];
  });
  return y;
}

const char* const kEnded = "tensor: used after its tape ended; read what you need before the Tape goes out of scope";

}

TEST_SUITE("tape") {
  TEST_CASE("the example at the head of tape.h") {
    Tape tape;
    Tensor x = variable({3}, {1, 2, 3});
    Tensor loss = sum(square(x));
    tape.backward(loss);
    CHECK(loss.item() == 14);
    CHECK(numbers(x.grad()) == std::vector<Real>{2, 4, 6});
  }

  TEST_CASE("closures run from the last to the first") {
    std::vector<std::string> trace;
    Tape tape;
    const Tensor x = variable({1}, {1});
    const Tensor a = traced(x, &trace, "a"), b = traced(x, &trace, "b"), c = traced(a + b, &trace, "c");
    tape.backward(c);
    CHECK(trace == std::vector<std::string>{"c", "b", "a"});
    CHECK(x.grad()[0] == 2);
  }

  TEST_CASE("closures that no gradient reaches do not run") {
    std::vector<std::string> trace;
    Tape tape;
    const Tensor x = variable({1}, {1});
    const Tensor used = traced(x, &trace, "used");
    traced(x, &trace, "dead end");
    traced(constant({1}, {1}), &trace, "constant");
    tape.backward(used);
    CHECK(trace == std::vector<std::string>{"used"});
  }

  TEST_CASE("a tensor used twice gets the sum of both gradients") {
    Tape tape;
    const Tensor x = variable({2}, {3, 5});
    tape.backward(sum(x * x + x));
    CHECK(numbers(x.grad()) == std::vector<Real>{7, 11});  // 2x + 1
  }

  TEST_CASE("a cotangent weighs the outputs") {
    Tape tape;
    const Tensor x = variable({2}, {3, 5});
    const Tensor y = square(x);
    tape.backward(y, std::vector<Real>{1, -2});
    CHECK(numbers(x.grad()) == std::vector<Real>{6, -20});
  }

  TEST_CASE("needs_grad flows from variables, and constants get no gradient") {
    Tape tape;
    const Tensor x = variable({1}, {2}), c = constant({1}, {3});
    CHECK((x * c).needs_grad());
    CHECK_FALSE((c * c).needs_grad());
    tape.backward(x * c);
    CHECK(x.grad()[0] == 3);
    CHECK_THROWS_WITH_AS(c.grad(), "grad: this tensor (made by constant) needs no gradient", Error);
  }

  TEST_CASE("the gradient of a variable is zero before backward, and if the loss does not depend on it") {
    Tape tape;
    const Tensor x = variable({2}, {1, 1}), unused = variable({2}, {1, 1});
    CHECK(numbers(x.grad()) == std::vector<Real>{0, 0});
    tape.backward(sum(x));
    CHECK(numbers(unused.grad()) == std::vector<Real>{0, 0});
  }

  TEST_CASE("reading a gradient that is not there makes none") {
    Tape tape;
    const Tensor x = variable({2}, {1, 1}), y = square(x), unused = square(x);
    CHECK_THROWS_WITH_AS(y.grad(), "grad: no gradient has reached this tensor (made by square)", Error);
    tape.backward(sum(y));
    CHECK(numbers(y.grad()) == std::vector<Real>{1, 1});
    CHECK_THROWS_WITH_AS(unused.grad(), "grad: no gradient has reached this tensor (made by square)", Error);
    CHECK(unused.node().grad == nullptr);
  }

  TEST_CASE("an accumulator is zero at first, and keeps what is added") {
    Tape tape;
    const Tensor y = square(variable({2}, {1, 1}));
    accumulator(y)[1] += 3;
    accumulator(y)[1] += 4;
    CHECK(numbers(y.grad()) == std::vector<Real>{0, 7});
    CHECK_THROWS_WITH_AS(accumulator(constant({1}, {1})), "grad: this tensor (made by constant) needs no gradient",
                         Error);
    const Tensor z = square(y);
    const Tape inner;
    CHECK_THROWS_WITH_AS(accumulator(z), "grad: another tape is active than the one this tensor (made by square) is on",
                         Error);
  }

  TEST_CASE("a const tensor cannot be written through") {
    static_assert(std::is_same_v<decltype(std::declval<const Tensor&>().value()), ConstArray>);
    static_assert(std::is_same_v<decltype(std::declval<const Tensor&>().grad()), ConstArray>);
    static_assert(std::is_same_v<decltype(std::declval<const Leaf&>().value()), ConstArray>);
    static_assert(std::is_same_v<decltype(std::declval<const Leaf&>().grad()), ConstArray>);
    static_assert(!std::is_convertible_v<ConstArray, Array>);
  }

  TEST_CASE("an inference tape computes values and records nothing") {
    Leaf weight("w", {1});
    weight.value()[0] = 3;
    Tape tape(Tape::Inference);
    const Tensor y = square(variable({1}, {2}) * Tensor(weight));
    CHECK(y.item() == 36);
    CHECK_FALSE(y.needs_grad());
    CHECK(y.node().inputs.empty());
    CHECK_THROWS_WITH_AS(tape.backward(y),
                         "backward: this tape is for inference and recorded nothing; use `Tape tape;`", Error);
  }

  TEST_CASE("a tensor that stands for a parameter says where the gradient is") {
    Leaf weight("layer.weight", {2});
    const char* const error = "grad: this tensor stands for a parameter; read the gradient of the parameter itself";
    Tape tape;
    const Tensor w = weight;
    const Tensor loss = sum(w * w);
    CHECK_THROWS_WITH_AS(w.grad(), error, Error);
    tape.backward(loss);
    CHECK_THROWS_WITH_AS(w.grad(), error, Error);
    weight.frozen = true;
    CHECK_THROWS_WITH_AS(w.grad(), error, Error);
  }

  TEST_CASE("a loss of constants and frozen parameters has no gradient") {
    Leaf weight("w", {1});
    weight.frozen = true;
    Tape tape;
    CHECK_THROWS_WITH_AS(tape.backward(full({1}, 2) * Tensor(weight)),
                         "backward: the loss depends on no variable and no unfrozen parameter", Error);
  }

  TEST_CASE("mistakes with backward are named") {
    Tape tape;
    const Tensor x = variable({2, 3}, {1, 2, 3, 4, 5, 6});
    CHECK_THROWS_WITH_AS(tape.backward(x), "backward: the loss is (2, 3); need one number (take its sum or mean)",
                         Error);
    CHECK_THROWS_WITH_AS(tape.backward(x, std::vector<Real>{1}),
                         "backward: the cotangent has 1 numbers; the output is (2, 3)", Error);
    const Tensor loss = sum(x);
    {
      Tape inner;
      CHECK_THROWS_WITH_AS(inner.backward(loss), "backward: the loss was recorded on another tape", Error);
      CHECK_THROWS_WITH_AS(tape.backward(loss), "backward: another tape is active; end it first", Error);
    }
    tape.backward(loss);
    CHECK_THROWS_WITH_AS(tape.backward(loss),
                         "backward: this tape already ran backward; record the step anew on a new tape", Error);
  }

  TEST_CASE("ops without a tape, empty handles and wrong counts are named") {
    CHECK_THROWS_WITH_AS(constant({1}, {1}),
                         "tape: no tape is active on this thread; write `Tape tape;` before the first op", Error);
    Tape tape;
    CHECK_THROWS_WITH_AS(Tensor().value(), "tensor: empty handle; assign it the result of an op before use", Error);
    CHECK_THROWS_WITH_AS(constant({2, 3}, {1}), "constant: 1 numbers given for shape (2, 3), which has 6", Error);
    CHECK_THROWS_WITH_AS(constant({2}, {1, 2}).item(), "item: tensor has shape (2); need exactly one number", Error);
  }
}

TEST_SUITE("tape lifetimes") {
  TEST_CASE("a tensor used after its tape ended throws, also when its memory is in use again") {
    Tensor stale;
    {
      Tape tape;
      stale = variable({1}, {1});
    }
    CHECK_THROWS_WITH_AS(stale.value(), kEnded, Error);
    Tape tape;
    const Tensor fresh = variable({1}, {2});
    CHECK(fresh.item() == 2);
    CHECK_THROWS_WITH_AS(stale.value(), kEnded, Error);
    CHECK_THROWS_WITH_AS(stale.shape(), kEnded, Error);
    CHECK_THROWS_WITH_AS(square(stale), kEnded, Error);
  }

  TEST_CASE("a tensor used on another thread throws") {
    Tape tape;
    const Tensor x = variable({1}, {1});
    std::string message;
    std::thread([&] {
      try {
        x.value();
      } catch (const Error& error) {
        message = error.what();
      }
    }).join();
    CHECK(message == "tensor: used on another thread than the one whose tape recorded it");
  }

  TEST_CASE("a tensor of a thread that has ended throws") {
    Tensor stale;
    std::thread([&] {
      Tape tape;
      stale = variable({1}, {1});
    }).join();
    CHECK_THROWS_AS(stale.value(), Error);
  }

  TEST_CASE("tapes nest: the inner one is active until it ends") {
    Tape outer;
    const Tensor x = variable({1}, {3});
    {
      Tape inner;
      CHECK(&Tape::active() == &inner);
      const Tensor y = variable({1}, {4});
      inner.backward(square(y));
      CHECK(y.grad()[0] == 8);
      CHECK(x.item() == 3);  // reading is allowed
      CHECK_THROWS_WITH_AS(square(x), "tape: an input (made by variable) is on an outer tape", Error);
    }
    CHECK(&Tape::active() == &outer);
    outer.backward(square(x));
    CHECK(x.grad()[0] == 6);
  }

  TEST_CASE("a tape that unwinds by an exception leaves the thread in order") {
    Tape outer;
    try {
      Tape inner;
      constant({2}, {1});
    } catch (const Error&) {
    }
    CHECK(&Tape::active() == &outer);
  }
}

TEST_SUITE("diagnosis") {
  TEST_CASE("errors and nodes carry the module's path; scopes nest") {
    Tape tape;
    const ModulePath outer("decoder");
    {
      const ModulePath inner("decoder.attention");
      CHECK_THROWS_WITH_AS(constant({2}, {1}),
                           "constant: 1 numbers given for shape (2), which has 2 [in decoder.attention]", Error);
      CHECK(std::string(constant({1}, {1}).node().path) == "decoder.attention");
    }
    CHECK(std::string(ModulePath::current()) == "decoder");
    CHECK(std::string(square(constant({1}, {1})).node().op) == "square");
  }

  TEST_CASE("backward runs a closure in the scope that recorded it") {
    Tape tape;
    const char* seen = "";
    Tensor y;
    {
      const ModulePath here("encoder");
      const Tensor x = variable({1}, {1});
      y = output({1}, {x});
      y.value()[0] = 1;
      record("test_path", y, [p = &seen] { *p = ModulePath::current(); });
    }
    tape.backward(y);
    CHECK(std::string(seen) == "encoder");
  }

  TEST_CASE("random ranges of one tape do not overlap and depend on its seed") {
    Tape tape(Tape::Record, 42);
    const Tape::RandomRange first = tape.random(10), second = tape.random(5);
    CHECK(first.seed == 42);
    CHECK(second.seed == 42);
    CHECK(second.begin == first.begin + 10);
    Tape other, another;
    CHECK(other.random(1).seed != another.random(1).seed);
  }
}
