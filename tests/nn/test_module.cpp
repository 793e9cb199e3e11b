#include <doctest/doctest.h>

#include <algorithm>

#include "nn/layers.h"
#include "nn/state_dict.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

using namespace gradus;

namespace {

struct Block : Module {
  Block(Module* parent, std::string name) : Module(parent, std::move(name)) {}
  Parameter scale{this, "scale", {3}, init::constant(2)};
  Linear inner{this, "inner", 3, 2};
  Parameter shift{this, "shift", {2}};
};

struct NestedNet : Module {
  Block first{this, "first"};
  Linear last{this, "last", 2, 1, false};
};

std::vector<std::string> parameter_names(Module& module) {
  std::vector<std::string> result;
  for (const Parameter* parameter : module.parameters()) result.push_back(parameter->name());
  return result;
}

}

TEST_CASE("module: parameters have dotted paths, in the order of declaration") {
  NestedNet net;
  CHECK(parameter_names(net) == std::vector<std::string>{"first.scale", "first.inner.weight", "first.inner.bias",
                                                         "first.shift", "last.weight"});
  CHECK(std::string(net.path()).empty());
  CHECK(std::string(net.first.inner.path()) == "first.inner");
  CHECK(net.parameter_count() == 3 + 6 + 2 + 2 + 2);
}

TEST_CASE("module: a name can be used once, and cannot be empty") {
  struct Twice : Module {
    Parameter a{this, "a", {1}}, b{this, "a", {1}};
  };
  CHECK_THROWS_WITH_AS(Twice(), "module: the name \"a\" is taken already in \"\"", Error);
  struct ChildTwice : Module {
    Parameter a{this, "a", {1}};
    Linear b{this, "a", 1, 1};
  };
  CHECK_THROWS_AS(ChildTwice(), Error);
  struct Nameless : Module {
    Parameter a{this, "", {1}};
  };
  CHECK_THROWS_WITH_AS(Nameless(), "module: the name \"\" is not allowed in \"\"", Error);
}

TEST_CASE("module: train and eval reach all children") {
  NestedNet net;
  CHECK(net.first.inner.training());
  net.eval();
  CHECK_FALSE(net.training());
  CHECK_FALSE(net.first.inner.training());
  net.train();
  CHECK(net.first.inner.training());
}

TEST_CASE("module: gradients add up until zero_grad") {
  NestedNet net;
  for (int i = 0; i < 2; ++i) {
    Tape tape;
    tape.backward(sum(net.first.scale.tensor()));
  }
  CHECK(net.first.scale.grad()[1] == 2);
  net.zero_grad();
  CHECK(net.first.scale.grad()[1] == 0);
}

TEST_CASE("module: a frozen parameter takes no gradient") {
  NestedNet net;
  net.first.scale.frozen = true;
  Tape tape;
  const Tensor product = mul(net.first.scale, variable({3}, {1, 2, 3}));
  tape.backward(sum(product));
  for (const Real g : net.first.scale.grad()) CHECK(g == 0);
}

TEST_CASE("module: errors and ops carry the module's path") {
  NestedNet net;
  const Tape tape;
  try {
    net.first.inner(full({1, 4}, 1));
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).ends_with("[in first.inner]"));
  }
  CHECK(std::string(net.first.inner(full({1, 3}, 1)).node().path) == "first.inner");
}

TEST_CASE("module: summary lists path, shape, count and bytes") {
  NestedNet net;
  const std::string summary = net.summary();
  CHECK(std::count(summary.begin(), summary.end(), '\n') == 7);
  CHECK(summary.find("first.inner.weight            (2, 3)             6") != std::string::npos);
  CHECK(summary.ends_with(fmt::format("total{:>45}  {:>12}\n", 15, 15 * sizeof(Real))));
}

TEST_CASE("state dict: names are relative to the module, arrays are views") {
  NestedNet net;
  const std::vector<NamedArray> state = state_dict(net.first);
  REQUIRE(state.size() == 4);
  CHECK(state[0].name == "scale");
  CHECK(state[1].name == "inner.weight");
  CHECK(state[1].array.shape == Shape{2, 3});
  state[0].array[2] = 9;
  CHECK(net.first.scale.value()[2] == 9);
}
