#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "autograd/gather.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/reduce.h"
#include "tests/support/numbers.h"

using namespace gradus;

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
        sweep(tape, sum(linear(x, weight)) + sum(square(Tensor(weight))));
        tapes[t] = &tape;
        ++ready;
        gathered.wait(false);
      });
    }
    while (ready < kThreads) std::this_thread::yield();
    CHECK(numbers(weight.grad()) == std::vector<Real>(6, 0));
    std::thread lower([&] { gather(weight, tapes, 0, 1); });
    gather(weight, tapes, 1, kRows);
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

TEST_SUITE("sweep") {
  enum class How { Backward, Sweep, SweepKeeping };

  struct Seen {
    const Real* first = nullptr;  // where the gradient of a chain's last result was
    const Real* third = nullptr;  // and that of the result two before it
    bool is_there = false;        // whether the last result still has its gradient at the end
  };

  /// x -> y -> z -> v, of which y has `size` numbers and the others 30.
  Seen run(How how, int size) {
    Seen seen;
    Tape tape;
    const Tensor x = variable({30}, std::vector<Real>(30, 1));
    Tensor y = output({size}, x), z = output({30}, y), v = output({30}, z);
    for (Tensor* made : {&y, &z, &v}) std::ranges::fill(made->value(), 0);
    record("test_to_x", y, [=] { accumulator(x); });
    record("test_to_y", z, [=, &seen] {
      CHECK(std::ranges::all_of(accumulator(y), [](Real g) { return g == 0; }));
      seen.third = y.grad().data;
    });
    record("test_to_z", v, [=, &seen] {
      accumulator(v)[7] = 5;
      seen.first = how == How::SweepKeeping ? kept_grad(v).data : v.grad().data;
      accumulator(z);
    });
    const std::vector<Real> ones(30, 1);
    how == How::Backward ? tape.backward(v, ones) : sweep(tape, v, ones);
    seen.is_there = v.node().grad != nullptr;
    if (how != How::Sweep) CHECK(seen.first[7] == 5);
    return seen;
  }

  TEST_CASE(
      "a sweep gives the memory of a gradient to others of its size when its closure has run, backward does not") {
    const Seen same = run(How::Sweep, 17), larger = run(How::Sweep, 33), backward = run(How::Backward, 30);
    CHECK(same.first == same.third);
    CHECK_FALSE(same.is_there);
    CHECK(larger.first != larger.third);
    CHECK(backward.first != backward.third);
    CHECK(backward.is_there);
  }

  TEST_CASE("a gradient that somebody points into stays as it is") {
    const Seen kept = run(How::SweepKeeping, 30);
    CHECK(kept.first != kept.third);
  }

  TEST_CASE("memory that a gradient had before the sweep is not lent to others, which may be larger") {
    Tape tape;
    const Tensor x = variable({2}, {1, 2}), y = square(x), nothing = output({0}, x), z = output({2}, y);
    record("test_nothing", nothing, [=] { accumulator(x); });
    record("test_to_y", z, [=] { accumulator(y); });
    accumulator(nothing);
    accumulator(y)[0] = 3;
    sweep(tape, z, std::vector<Real>{1, 1});
    CHECK(numbers(x.grad()) == std::vector<Real>{6, 0});
  }

  TEST_CASE("after a sweep variables have their gradients, and leaves theirs when they are gathered") {
    Leaf weight("w", {2, 2});
    weight.value()[0] = 3;
    Tape tape;
    const Tensor x = variable({1, 2}, {1, 2}), y = linear(x, weight);
    sweep(tape, sum(square(y)));
    CHECK(numbers(x.grad()) == std::vector<Real>{18, 0});
    CHECK_THROWS_WITH_AS(y.grad(), "grad: no gradient has reached this tensor (made by linear)", Error);
    CHECK(numbers(weight.grad()) == std::vector<Real>(4, 0));
    gather(weight, tape);
    CHECK(numbers(weight.grad()) == std::vector<Real>{6, 12, 0, 0});
  }

  TEST_CASE("mistakes with sweep are those with backward") {
    Tape tape;
    CHECK_THROWS_WITH_AS(sweep(tape, variable({2}, {1, 2})),
                         "backward: the loss is (2); need one number (take its sum or mean)", Error);
  }
}
