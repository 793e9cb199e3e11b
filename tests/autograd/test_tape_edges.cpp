#include <doctest/doctest.h>

#include <optional>

#include "autograd/inspect/check.h"
#include "nn/layers.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "tests/support/address_sanitizer.h"
#include "tests/support/complaint.h"

using namespace gradus;

// Shapes that no memory holds, leaves that end before the tape, and indices beyond the end.

// AddressSanitizer stops a program that asks for too much, where an allocator would say that there is none.
constexpr bool kStopsAtTooMuch = kAddressSanitizer;

TEST_SUITE("tape, at the edges") {
  TEST_CASE("shapes of too many numbers are named") {
    Tape tape;
    CHECK(complaint([] {
            full({65536, 65536, 65536, 16384}, 1);
          }).starts_with("shape: too many numbers: (65536, 65536, 65536, 16384) are "));
    CHECK_THROWS_AS(Leaf("p", {65536, 65536, 65536, 16384}), Error);
    CHECK_THROWS_AS(Shape({2147483647, 2147483647, 2147483647, 0}), Error);
    CHECK_THROWS_AS(Shape({2147483647, 2147483647, 2147483647, 2147483647, 4}), Error);
    const Tensor none = full({0}, 1);
    CHECK_THROWS_AS(reshape(none, {2147483647, 2147483647, 2147483647, 0}), Error);
    CHECK_THROWS_AS(reshape(none, {0, 2147483647, 2147483647, 2147483647}), Error);
    const Tensor wide = full({2147483647, 0}, 1);
    CHECK_THROWS_AS(concat({wide, wide}, 0), Error);
  }

  TEST_CASE("memory that cannot be had: op and shape" * doctest::skip(kStopsAtTooMuch)) {
    Tape tape;
    CHECK(complaint([] {
            full({65536, 65536, 65536}, 1);
          }).starts_with("constant: no memory for (65536, 65536, 65536): "));
    const Tensor column = full({4194304, 1}, 1), row = full({1, 4194304}, 1), scalars = full({4194304, 1, 1}, 1);
    CHECK(complaint([&] { column* row* scalars; }).starts_with("mul: no memory for (4194304, 4194304): "));
    CHECK(complaint([&] { matmul(column, row); }).starts_with("matmul: no memory for (4194304, 4194304): "));
    CHECK(complaint([] {
            Leaf("w", {65536, 65536, 65536});
          }).starts_with("parameter w: no memory for (65536, 65536, 65536): "));
    CHECK(sum(column).item() == 4194304);  // the tape goes on
  }

  TEST_CASE("a module that ends while the tape lives, and another at its address") {
    Tape tape;
    const Tensor x = full({1, 2}, 1);
    std::optional<Linear> layer;
    layer.emplace(nullptr, "first", 2, 2);
    const Tensor weight = layer->weight, y = (*layer)(x);
    layer.reset();
    CHECK_THROWS_WITH_AS(weight.value(),
                         "tensor: the parameter it stands for ended before the tape; let modules live longer", Error);
    layer.emplace(nullptr, "second", 2, 2);
    const Tensor z = (*layer)(x);  // of its own weights, not those of the first
    CHECK(z.value()[0] == layer->weight.value()[0] + layer->weight.value()[1] + layer->bias->value()[0]);
    CHECK_THROWS_AS(tape.backward(sum(y + z)), Error);

    Tape another;  // where the first is not reached, the second gets its gradient
    std::optional<Linear> unused;
    unused.emplace(nullptr, "unused", 2, 2);
    (*unused)(x.shape().rank() == 2 ? full({1, 2}, 1) : x);
    unused.reset();
    another.backward(sum((*layer)(full({1, 2}, 1))));
    CHECK(layer->bias->grad()[0] == 1);
  }

  TEST_CASE("an index beyond the end, in the checking mode") {
    Tape tape;
    const Tensor x = variable({3}, {1, 2, 3});
    Leaf leaf("leaf", {2, 2});
    const Checking checking;
    CHECK(x.value()[2] == 3);
    CHECK_THROWS_WITH_AS(x.value()[7], "array: no number 7 in (3); need an index below 3", Error);
    CHECK_THROWS_AS(x.grad()[3], Error);
    CHECK_THROWS_AS(leaf.value()[4], Error);
    CHECK_THROWS_AS(leaf.grad()[static_cast<std::size_t>(-1)], Error);
  }
}
