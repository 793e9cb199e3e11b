#include <doctest/doctest.h>

#include "autograd/inspect/graph.h"
#include "autograd/path.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "tests/support/contains.h"

using namespace gradus;

TEST_SUITE("graph") {
  TEST_CASE("nodes show op, module, shape and statistics; edges follow the data") {
    Leaf weight("layer.weight", {2});
    weight.value()[0] = 2;
    weight.value()[1] = 4;
    Tape tape;
    const Tensor x = variable({2}, {1, 3});
    Tensor y;
    {
      const ModulePath here("layer");
      y = x * weight;
    }
    tape.backward(sum(y));
    CHECK(to_dot(tape) ==
          R"(digraph tape {
  rankdir=BT;
  node [fontname="sans-serif", fontsize=10];
  n0 [label="variable\n(2)\nvalue 2 ± 1\ngrad 3 ± 1", shape=ellipse, style="filled,solid", fillcolor="#d9ead3"];
  n1 [label="layer.weight\n(2)\nvalue 3 ± 1\ngrad 2 ± 1", shape=box, style="filled,solid", fillcolor="#cfe2f3"];
  n2 [label="mul\nlayer\n(2)\nvalue 7 ± 5\ngrad 1 ± 0", shape=box, style="rounded,solid"];
  n0 -> n2;
  n1 -> n2;
  n3 [label="sum\n()\nvalue 14 ± 0\ngrad 1 ± 0", shape=box, style="rounded,solid"];
  n2 -> n3;
}
)");
  }

  TEST_CASE("what needs no gradient is dashed, and has none before backward") {
    Leaf frozen("w", {1});
    frozen.frozen = true;
    Tape tape;
    exp(constant({1}, {0}) + Tensor(frozen));
    const std::string dot = to_dot(tape);
    CHECK(contains(dot, R"(label="constant\n(1)\nvalue 0 ± 0", shape=ellipse, style="dashed"])"));
    CHECK(contains(dot, R"(style="filled,dashed", fillcolor="#cfe2f3")"));
    CHECK_FALSE(contains(dot, "solid"));
    CHECK_FALSE(contains(dot, "grad"));
  }

  TEST_CASE("quotes, backslashes and newlines in names are escaped") {
    Leaf weight("a\"b\\c\nd", {1});
    Tape tape;
    weight.tensor();
    CHECK(contains(to_dot(tape), R"(label="a\"b\\c\nd\n(1))"));
  }

  TEST_CASE("an empty tape and an empty tensor") {
    Tape tape;
    CHECK(to_dot(tape) == "digraph tape {\n  rankdir=BT;\n  node [fontname=\"sans-serif\", fontsize=10];\n}\n");
    constant({0}, {});
    CHECK(contains(to_dot(tape), "value empty"));
  }

  TEST_CASE("an inner tape is drawn by itself") {
    Tape outer;
    const Tensor x = variable({1}, {1});
    Tape inner;
    square(variable({1}, {3}));
    CHECK(contains(to_dot(inner), "square"));
    CHECK_FALSE(contains(to_dot(outer), "square"));
    CHECK(contains(to_dot(outer), "value 1"));
    static_cast<void>(x);
  }
}
