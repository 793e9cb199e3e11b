#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "autograd/scope.h"
#include "autograd/tape.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/reduce.h"

using namespace gradus;

namespace {

std::vector<Real> numbers(const Array& array) { return {array.begin(), array.end()}; }

/// The identity, which writes its name to a list when its closure runs.
Tensor traced(Tensor x, std::vector<std::string>* trace, const char* name) {
  Tensor y = output(x.shape(), {x});
  std::copy(x.value().begin(), x.value().end(), y.value().begin());
  record("test_traced", y, [=] {
    trace->push_back(name);
    for (std::size_t i = 0; i < x.size(); ++i) x.grad()[i] += y.grad()[i];
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

  TEST_CASE("gradients are zero before backward") {
    Tape tape;
    CHECK(numbers(variable({2}, {1, 1}).grad()) == std::vector<Real>{0, 0});
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
      CHECK_THROWS_WITH_AS(x.grad(), "grad: another tape is active than the one this tensor (made by variable) is on",
                           Error);
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

  TEST_CASE("rewinding forgets what came after the mark, and keeps what came before") {
    Tape tape(Tape::Inference);
    const Tensor kept = variable({1}, {1});
    const Tape::Mark mark = tape.mark();
    const Tensor gone = square(kept);
    tape.rewind(mark);
    CHECK(kept.item() == 1);
    CHECK_THROWS_WITH_AS(gone.item(), kEnded, Error);
    CHECK(tape.nodes().size() == 1);
  }

  TEST_CASE("a loop of mark and rewind keeps memory flat") {
    Tape tape(Tape::Inference);
    const Real* first = nullptr;
    for (int step = 0; step < 1000; ++step) {
      const Tape::Mark mark = tape.mark();
      const Tensor y = square(full({64, 64}, 1));
      if (first == nullptr) first = y.value().data;
      REQUIRE(y.value().data == first);
      tape.rewind(mark);
    }
  }

  TEST_CASE("a recording tape can be rewound before backward, not after") {
    Leaf weight("w", {1});
    weight.value()[0] = 5;
    Tape tape;
    const Tensor x = variable({1}, {3});
    const Tape::Mark mark = tape.mark();
    x* Tensor(weight);
    tape.rewind(mark);
    tape.backward(square(x) * Tensor(weight));
    CHECK(x.grad()[0] == 30);
    CHECK(weight.grad()[0] == 9);
    CHECK_THROWS_WITH_AS(tape.rewind(mark), "rewind: this tape has gradients, which may lie behind the mark", Error);
  }

  TEST_CASE("a rewind that would leave something behind is refused") {
    constexpr const char* kNoSuchMark = "rewind: the mark is of another tape, or an earlier rewind went past it";
    Tape tape;
    const Tensor x = variable({1}, {3});
    const Tape::Mark first = tape.mark();
    square(x);
    const Tape::Mark second = tape.mark();
    tape.rewind(first);
    CHECK_THROWS_WITH_AS(tape.rewind(second), kNoSuchMark, Error);
    square(x);  // as many nodes as before, but another one
    CHECK_THROWS_WITH_AS(tape.rewind(second), kNoSuchMark, Error);
    {
      Tape inner;
      CHECK_THROWS_WITH_AS(inner.rewind(first), kNoSuchMark, Error);
    }
    tape.rewind(first);
    x.grad();  // lies behind the mark
    CHECK_THROWS_WITH_AS(tape.rewind(first), "rewind: this tape has gradients, which may lie behind the mark", Error);
  }
}

TEST_SUITE("leaves") {
  TEST_CASE("gradients of a leaf add up over tapes until zero_grad") {
    Leaf weight("w", {2});
    for (int i = 0; i < 3; ++i) {
      Tape tape;
      tape.backward(sum(Tensor(weight) * constant({2}, {1, 10})));
    }
    CHECK(numbers(weight.grad()) == std::vector<Real>{3, 30});
    weight.zero_grad();
    CHECK(numbers(weight.grad()) == std::vector<Real>{0, 0});
  }

  TEST_CASE("a leaf is one node on a tape, however often it is used") {
    Leaf weight("w", {1});
    Tape tape;
    CHECK(&weight.tensor().node() == &weight.tensor().node());
    CHECK(weight.tensor().value().data == weight.value().data);
  }

  TEST_CASE("a frozen leaf gets no gradient") {
    Leaf weight("w", {1});
    weight.value()[0] = 2;
    weight.frozen = true;
    Tape tape;
    const Tensor x = variable({1}, {5});
    tape.backward(x * Tensor(weight));
    CHECK(x.grad()[0] == 2);
    CHECK(weight.grad()[0] == 0);
  }

  TEST_CASE("several threads, each with its tape, share a leaf; gather adds up rows in any split") {
    constexpr int kThreads = 4, kRows = 3;
    Leaf weight("w", {kRows, 2});
    for (std::size_t i = 0; i < weight.size(); ++i) weight.value()[i] = static_cast<Real>(i + 1);

    // Tapes end with their thread, so each waits until the gradients are gathered.
    std::array<const Tape*, kThreads> tapes{};
    std::atomic<int> ready{0};
    std::atomic<bool> gathered{false};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        Tape tape;
        const Tensor x = variable({1, 2}, {static_cast<Real>(t), 1});
        // The weight is used in both ways: by a product, which is noted, and number by number.
        tape.sweep(sum(linear(x, weight)) + sum(square(Tensor(weight))));
        tapes[t] = &tape;
        ++ready;
        gathered.wait(false);
      });
    }
    while (ready < kThreads) std::this_thread::yield();
    CHECK(numbers(weight.grad()) == std::vector<Real>(6, 0));
    std::thread lower([&] { Tape::gather(weight, tapes, 0, 1); });
    Tape::gather(weight, tapes, 1, kRows);
    lower.join();
    gathered = true;
    gathered.notify_all();
    for (std::thread& thread : threads) thread.join();

    for (int row = 0; row < kRows; ++row) {
      CHECK(weight.grad()[row * 2] == 0 + 1 + 2 + 3 + kThreads * 2 * weight.value()[row * 2]);
      CHECK(weight.grad()[row * 2 + 1] == kThreads + kThreads * 2 * weight.value()[row * 2 + 1]);
    }
  }
}

TEST_SUITE("diagnosis") {
  TEST_CASE("errors and nodes carry the module's path; scopes nest") {
    Tape tape;
    const Scope outer("decoder");
    {
      const Scope inner("decoder.attention");
      CHECK_THROWS_WITH_AS(constant({2}, {1}),
                           "constant: 1 numbers given for shape (2), which has 2 [in decoder.attention]", Error);
      CHECK(std::string(constant({1}, {1}).node().scope) == "decoder.attention");
    }
    CHECK(std::string(Scope::current()) == "decoder");
    CHECK(std::string(square(constant({1}, {1})).node().op) == "square");
  }

  TEST_CASE("backward runs a closure in the scope that recorded it") {
    Tape tape;
    const char* seen = "";
    Tensor y;
    {
      const Scope scope("encoder");
      const Tensor x = variable({1}, {1});
      y = output({1}, {x});
      y.value()[0] = 1;
      record("test_scope", y, [p = &seen] { *p = Scope::current(); });
    }
    tape.backward(y);
    CHECK(std::string(seen) == "encoder");
  }

  TEST_CASE("the check for finite numbers names op, index and module") {
    struct Switch {
      Switch() { set_check_finite(true); }
      ~Switch() { set_check_finite(false); }
    } on;
    Tape tape;
    const Scope scope("decoder.output");
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

TEST_CASE("a sweep gives the memory of dropped gradients to the next ones, backward does not") {
  struct Seen {
    Real* first = nullptr;
    Real* second = nullptr;
    bool kept = false;
  };
  const auto run = [](bool sweep, int second_size) {
    Seen seen;
    Tape tape;
    const Tensor x = variable({20}, std::vector<Real>(20, 1)), y = output({second_size}, {x}), z = output({30}, {y});
    record("test_to_x", y, [=, &seen] {
      seen.second = y.grad().data;
      x.grad();
    });
    record("test_to_y", z, [=, &seen] {
      seen.first = z.grad().data;
      seen.first[7] = 5;
      Tape::active().drop_grad(z);
      seen.kept = z.node().grad != nullptr;
      CHECK(std::ranges::all_of(y.grad(), [](Real g) { return g == 0; }));
    });
    const std::vector<Real> ones(30, 1);
    sweep ? tape.sweep(z, ones) : tape.backward(z, ones);
    return seen;
  };
  const Seen same = run(true, 17), larger = run(true, 33), kept = run(false, 30);
  CHECK(same.first == same.second);
  CHECK_FALSE(same.kept);
  CHECK(larger.first != larger.second);
  CHECK(kept.first != kept.second);
  CHECK(kept.kept);
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
