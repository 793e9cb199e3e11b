#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "autograd/gather.h"
#include "autograd/inspect/check.h"
#include "autograd/inspect/observers.h"
#include "autograd/path.h"
#include "nn/module.h"
#include "nn/optim/optimizer.h"
#include "nn/parallel/data_parallel.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/fused/recurrent.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/sequence/embedding.h"
#include "tests/support/complaint.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

struct CheckedNet : Module {
  CheckedNet() { initialize(*this, 1); }
  Parameter table{this, "table", {5, 3}, init::uniform(-1, 1)};
  Parameter weight{this, "weight", {2, 3}, init::uniform(-1, 1)};
  Parameter bias{this, "bias", {2}, init::uniform(-1, 1)};

  Tensor operator()(std::span<const int> ids) { return sum(square(linear(embedding(table, ids), weight, bias))); }
};

constexpr int kIds[] = {0, 1, 2, 4};

void backward(CheckedNet& net) {
  Tape tape;
  tape.backward(net(kIds));
}

}

TEST_SUITE("checking") {
  TEST_CASE("it is on as long as it lives, and the last one counts") {
    const char* const wish = std::getenv("GRADUS_CHECK");
    const bool from_environment = wish != nullptr && wish == std::string_view("1");
    CHECK(Checking::options().changes == from_environment);
    {
      const Checking checking;
      CHECK(Checking::options().changes);
      {
        const Checking other({.changes = false});
        CHECK_FALSE(Checking::options().changes);
        CHECK(Checking::options().finite);
        const Checking nothing(kCheckNothing);
        CHECK_FALSE(Checking::options().finite);
      }
      CHECK(Checking::options().changes);
    }
    CHECK(Checking::options().changes == from_environment);
    const OpObserver others = set_op_observer(nullptr);
    CHECK((tape_observer == nullptr) == !from_environment);  // a step that nobody checks calls nobody
    set_op_observer(others);
  }
}

TEST_SUITE("checking changes") {
  TEST_CASE("an output that is written to, whatever made it") {
    const Checking checking;
    const auto change_output = [](auto op) {
      return complaint([&] {
        Tape tape;
        const ModulePath here("encoder");
        Tensor y = op(variable({2, 2}, {1, 2, 3, 4}));
        const Tensor loss = sum(y);
        y.value()[1] = 0;
        tape.backward(loss);
      });
    };
    CHECK(change_output([](Tensor x) { return tanh(x); }) ==
          "sum: an input was changed before backward: x (2, 2), made by tanh, is not what it was; need it as it was, "
          "so "
          "write to a copy [in encoder]");
    CHECK(change_output([](Tensor x) { return transpose(x, 0, 1); }).starts_with("sum: an input was changed"));
    CHECK(change_output([](Tensor x) { return reshape(x, {4}); }).starts_with("sum: an input was changed"));
    CHECK(change_output([](Tensor x) { return matmul(x, x); }).starts_with("sum: an input was changed"));
  }

  TEST_CASE("an output that is written to before anything reads it, or that nothing reads") {
    const Checking checking;
    Tape tape;
    const ModulePath here("decoder");
    Tensor y = exp(variable({2}, {1, 2}));
    y.value()[0] = 0;
    const Tensor loss = sum(y);
    CHECK(complaint([&] {
            tape.backward(loss);
          }).starts_with("sum: an input was changed before backward: x (2), made by exp, is not what it was; need"));
    Tape other;
    Tensor last = exp(variable({1}, {1}));
    last.value()[0] = 0;
    CHECK(complaint([&] { other.backward(last); }) ==
          "exp: an output was changed before backward: y (1) is not what exp computed; need it as it was, so write to "
          "a copy "
          "[in decoder]");
  }

  TEST_CASE("an input that is written to: a constant, a variable, by way of a view, and in a sweep") {
    const Checking checking;
    const auto change_input = [](auto make, auto change, bool in_sweep) {
      return complaint([&] {
        Tape tape;
        Tensor x = variable({3}, {1, 2, 3});
        Tensor other = make();
        const Tensor loss = sum(x * other);
        change(x, other);
        in_sweep ? sweep(tape, loss) : tape.backward(loss);
      });
    };
    for (const bool in_sweep : {false, true}) {
      const auto change_other = [](Tensor, Tensor other) { other.value()[2] = 7; };
      CHECK(change_input(
                [] {
                  return constant({3}, {1, 1, 1});
                },
                change_other, in_sweep) ==
            "mul: an input was changed before backward: b (3), a constant, is not what it was; need it as it was, so "
            "write to a copy");
      CHECK(change_input(
                [] {
                  return variable({3}, {1, 1, 1});
                },
                change_other, in_sweep)
                .starts_with("mul: an input was changed before backward: b (3), a variable"));
      const auto change_view = [](Tensor x, Tensor) { slice(x, 0, 1, 2).value()[0] = 9; };
      CHECK(change_input([] { return full({3}, 1); }, change_view, in_sweep)
                .starts_with("mul: an input was changed before backward: a (3), a variable"));
    }
  }

  TEST_CASE("a parameter that is updated between forward and backward, whichever op reads it") {
    const Checking checking;
    CheckedNet net;
    SGD sgd(net.parameters());
    const auto update_too_early = [&](auto loss_of) {
      net.zero_grad();
      backward(net);
      const std::string text = complaint([&] {
        Tape tape;
        const ModulePath here("net");
        const Tensor loss = loss_of();
        sgd.step({.zero_grads = true});
        tape.backward(loss);
      });
      return text;
    };
    CHECK(update_too_early([&] { return net(kIds); }) ==
          "linear: an input was changed before backward: W (2, 3), the parameter weight, is not what it was; need "
          "it "
          "as it was, so update parameters after backward [in net]");
    CHECK(update_too_early([&] {
            return sum(square(Tensor(net.bias)));
          }).starts_with("square: an input was changed before backward: x (2), the parameter bias"));
    CHECK(update_too_early([&] {
            return sum(matmul(constant({1, 2}, {1, 1}), net.weight));
          }).starts_with("matmul: an input was changed before backward: b (2, 3), the parameter weight"));
  }

  TEST_CASE("a fused op's inputs, in a layer that unrolls") {
    const Checking checking;
    Tape tape;
    Tensor base = variable({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
    Tensor cell = variable({2, 1}, {1, 2});
    const LstmState next = lstm_cell(base, {}, cell);
    const Tensor loss = sum(next.hidden);
    cell.value()[1] = 5;
    CHECK(complaint([&] { tape.backward(loss); }).starts_with("lstm_cell: an input was changed before backward: c ("));
  }

  TEST_CASE("what is written before the first op reads it, or after backward, or where no closure reads it, is fine") {
    const Checking checking;
    Tape tape;
    Tensor x = variable({2}, {0, 0});
    x.value()[0] = 3;
    Tensor unused = square(constant({2}, {1, 2}));
    unused.value()[0] = 0;
    const Tensor y = square(x);
    unused.value()[1] = 0;
    tape.backward(sum(y));
    CHECK(numbers(x.grad()) == std::vector<Real>{6, 0});
    x.value()[0] = 1;
  }
}

TEST_SUITE("checking zero_grad") {
  TEST_CASE("gradients of two steps that would add up, with any optimiser") {
    const Checking checking;
    CheckedNet net;
    SGD sgd(net.parameters());
    Adam adam(net.parameters());
    Adadelta adadelta(net.parameters());
    for (Optimizer* optimizer : std::initializer_list<Optimizer*>{&sgd, &adam, &adadelta}) {
      net.zero_grad();
      backward(net);
      optimizer->step();
      CHECK(complaint([&] { backward(net); }).find(") is not 0 from (0") != std::string::npos);
      net.zero_grad();
      backward(net);
      optimizer->step({.zero_grads = true});
      CHECK(complaint([&] { backward(net); }) == "");
    }
  }

  TEST_CASE("the error names the parameter and where") {
    const Checking checking;
    Leaf leaf("scale", {3});
    for (Real& value : leaf.value()) value = 1;
    const auto step = [&] {
      Tape tape;
      tape.backward(sum(Tensor(leaf) * constant({3}, {0, 1, 2})));
      for (Real& value : leaf.value()) value -= Real(0.5);
    };
    step();
    CHECK(complaint(step) ==
          "backward: gradients of two steps would add up: that of the parameter scale (3) is not 0 from (1) on, though "
          "its "
          "value has changed since; need zero_grad() after each update, or step({.zero_grads = true})");
  }

  TEST_CASE("a table of which each step uses other rows, and a data-parallel step") {
    const Checking checking;
    CheckedNet net;
    SGD sgd({&net.table});
    const auto look_up = [&](int id) {
      Tape tape;
      tape.backward(sum(embedding(net.table, std::span(&id, 1))));
    };
    look_up(2);
    sgd.step();
    CHECK(complaint([&] { look_up(3); })
              .starts_with("backward: gradients of two steps would add up: that of the parameter table (5, 3) is not 0 "
                           "from (2, 0) on"));

    net.zero_grad();
    DataParallel parallel(net, 2, 2);
    SGD all(net.parameters());
    const auto step = [&] { parallel.step(1, [&](int) { return net(kIds); }); };
    step();
    all.step();
    CHECK(complaint(step).starts_with("backward: gradients of two steps would add up"));
    net.zero_grad();
    CHECK(complaint(step) == "");
  }

  TEST_CASE("adding up over batches, tapes and shards is fine, as is a value that comes back") {
    const Checking checking;
    CheckedNet net;
    SGD sgd(net.parameters());
    DataParallel parallel(net, 2, 3);
    for (int update = 0; update < 3; ++update) {
      for (int batch = 0; batch < 2; ++batch) {
        backward(net);
        parallel.step(1, [&](int) { return net(kIds); });
        Real& number = net.bias.value()[0];
        const Real before = std::exchange(number, 100);
        {
          const Tape other(Tape::Inference);
          net(kIds);
        }
        number = before;
      }
      sgd.step({.zero_grads = true});
    }
  }

  TEST_CASE("gradients from before the mode are not held against anybody") {
    const Checking nothing(kCheckNothing);
    CheckedNet net;
    SGD sgd(net.parameters());
    backward(net);
    sgd.step();
    const Checking checking;
    backward(net);
  }
}

TEST_SUITE("checking broadcasts") {
  TEST_CASE("a column and a vector, in any op, in any order") {
    const Checking checking;
    Tape tape;
    const ModulePath here("loss");
    const Tensor column = variable({4, 1}, {1, 2, 3, 4}), vector = constant({4}, {1, 2, 3, 4});
    CHECK(complaint([&] { sub(column, vector); }) ==
          "sub: both inputs are stretched: a (4, 1), a variable, and b (4), a constant, become y (4, 4); need as many "
          "axes: "
          "reshape(b, (4, 1)) if each was to meet its own, or reshape(b, (1, 4)) if each was to meet all [in "
          "loss]");
    CHECK(complaint([&] { vector + column; }).find("; need as many axes: reshape(a, (4, 1)) if") != std::string::npos);
    CHECK(complaint([&] { column* vector; }).starts_with("mul: both inputs are stretched"));
    CHECK(complaint([&] { column / vector; }).starts_with("div: both inputs are stretched"));
  }

  TEST_CASE("other lengths and ranks") {
    const Checking checking;
    Tape tape;
    CHECK(complaint([] {
            full({4, 1}, 1) + full({3}, 1);
          }).ends_with("become y (4, 3); need as many axes: reshape(b, (1, 3)) if each was to meet all"));
    CHECK(complaint([] {
            full({2, 3, 1}, 1) + full({3}, 1);
          }).ends_with("reshape(b, (1, 1, 3)) if each was to meet all"));
    CHECK(complaint([] {
            full({2, 1, 3}, 1) - full({4, 3}, 1);
          }).ends_with("reshape(b, (1, 4, 3)) if each was to meet all"));
  }

  TEST_CASE("an op of one's own") {
    const Checking checking;
    Tape tape;
    const auto own = [](Tensor a, Tensor b) {
      Tensor y = output({2, 2}, {a, b});
      for (Real& number : y.value()) number = 0;
      record("test_own", y, [] {});
    };
    CHECK(complaint([&] {
            own(full({2, 1}, 1), full({2}, 1));
          })
              .starts_with(
                  "test_own: both inputs are stretched: input 0 (2, 1), a constant, and input 1 (2), a constant, "
                  "become output 0 (2, 2); need"));
    CHECK(complaint([&] { own(full({2, 1}, 1), full({1, 2}, 1)); }) == "");
  }

  TEST_CASE("what is meant is no error: equal ranks, one that is stretched alone, and single numbers") {
    const Checking checking;
    Tape tape;
    full({4, 1}, 1) - full({1, 4}, 1);
    full({4, 3}, 1) - full({3}, 1);
    full({4, 1}, 1) - full({4, 1}, 1);
    full({4, 1}, 1) - full({}, 1);
    full({4, 1}, 1) - full({1}, 1);
    full({1, 1}, 1) - full({4}, 1);
    full({2, 3, 4}, 1) - full({3, 1}, 1);
    full({0, 1}, 1) - full({0}, 1);
    matmul(full({4, 1}, 1), full({1, 4}, 1));
    linear(full({2, 4, 1}, 1), full({4, 1}, 1), {});
    const Checking not_these({.broadcasts = false});
    full({4, 1}, 1) - full({4}, 1);
  }
}
