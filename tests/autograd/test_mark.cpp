#include <doctest/doctest.h>

#include "autograd/mark.h"
#include "ops/elementwise.h"

using namespace gradus;

TEST_SUITE("marks") {
  TEST_CASE("rewinding forgets what came after the mark, and keeps what came before") {
    Tape tape(Tape::Inference);
    const Tensor kept = variable({1}, {1});
    const Mark mark(tape);
    const Tensor gone = square(kept);
    mark.rewind();
    CHECK(kept.item() == 1);
    CHECK_THROWS_AS(gone.item(), Error);
    CHECK(tape.nodes().size() == 1);
  }

  TEST_CASE("a loop of mark and rewind keeps memory flat") {
    Tape tape(Tape::Inference);
    const Real* first = nullptr;
    for (int step = 0; step < 1000; ++step) {
      const Mark mark(tape);
      const Tensor y = square(full({64, 64}, 1));
      if (first == nullptr) first = y.value().data;
      REQUIRE(y.value().data == first);
      mark.rewind();
    }
  }

  TEST_CASE("a recording tape can be rewound before backward, not after") {
    Leaf weight("w", {1});
    weight.value()[0] = 5;
    Tape tape;
    const Tensor x = variable({1}, {3});
    const Mark mark(tape);
    x* Tensor(weight);
    mark.rewind();
    tape.backward(square(x) * Tensor(weight));
    CHECK(x.grad()[0] == 30);
    CHECK(weight.grad()[0] == 9);
    CHECK_THROWS_WITH_AS(mark.rewind(), "rewind: this tape has gradients, which may lie behind the mark", Error);
  }

  TEST_CASE("a rewind that would leave something behind is refused") {
    constexpr const char* kNoSuchMark = "rewind: an earlier rewind went past the mark";
    Tape tape;
    const Tensor x = variable({1}, {3});
    const Mark first(tape);
    square(x);
    const Mark second(tape);
    first.rewind();
    CHECK_THROWS_WITH_AS(second.rewind(), kNoSuchMark, Error);
    square(x);  // as many nodes as before, but another one
    CHECK_THROWS_WITH_AS(second.rewind(), kNoSuchMark, Error);
    {
      const Tape inner;
      CHECK_THROWS_WITH_AS(first.rewind(), "rewind: another tape is active than that of the mark", Error);
    }
    first.rewind();
    const Tensor y = square(x);
    const Mark after_y(tape);
    accumulator(y);  // lies behind that mark
    CHECK_THROWS_WITH_AS(after_y.rewind(), "rewind: this tape has gradients, which may lie behind the mark", Error);
    first.rewind();  // forgets y and its gradient together
  }
}
