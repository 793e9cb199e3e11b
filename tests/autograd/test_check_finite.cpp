#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "autograd/gather.h"
#include "autograd/inspect/check.h"
#include "autograd/inspect/check_finite.h"
#include "autograd/path.h"
#include "nn/module.h"
#include "nn/optim/optimizer.h"
#include "nn/parallel/data_parallel.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/layout.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/sequence/embedding.h"
#include "ops/softmax.h"
#include "tests/support/complaint.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

constexpr Real kNan = std::numeric_limits<Real>::quiet_NaN();
constexpr Real kLarge = std::numeric_limits<Real>::max() / 2;

}

TEST_SUITE("checking finite") {
  TEST_CASE("the first op that makes an infinity or a NaN out of finite numbers") {
    const Checking checking;
    Tape tape;
    const ModulePath here("decoder.output");
    CHECK(complaint([] {
            log(variable({2}, {1, 0}));
          }) ==
          "log: -inf out of finite numbers: y (2) is -inf at (1); x (2), a variable, is from 0 to 1; need a finite y "
          "[in decoder.output]");
    CHECK(complaint([] {
            exp(full({1, 2}, 1) * constant({1, 2}, {1, 5000}));
          }) ==
          "exp: inf out of finite numbers: y (1, 2) is inf at (0, 1); x (1, 2), made by mul, is from 1 to 5000; need a "
          "finite y [in decoder.output]");
    CHECK(complaint([] { sqrt(full({}, -1)); }) ==
          "sqrt: nan out of finite numbers: y () is nan at (); x (), a constant, is -1; need a finite y [in "
          "decoder.output]");
    CHECK(complaint([] {
            div(full({2}, 0), full({2}, 0));
          }).starts_with("div: nan out of finite numbers: y (2) is nan at (0); a (2), a constant, is 0; b (2), "));
    CHECK(complaint([] { matmul(full({1, 4}, kLarge), full({4, 1}, 1)); }).starts_with("matmul: inf out of finite"));
    CHECK(complaint([] { sum(full({3}, kLarge)); }).starts_with("sum: inf out of finite numbers"));
  }

  TEST_CASE("a NaN goes before an infinity, and where inputs are not finite says which") {
    const Checking checking;
    Tape tape;
    CHECK(
        complaint([] {
          mul(constant({2}, {0, 1}), constant({2}, {kInfinity, kInfinity}));
        }) ==
        "mul: nan out of numbers that are not finite: y (2) is nan at (0); a (2), a constant, is from 0 to 1; b (2), a "
        "constant, is inf at (0); need a finite y");
    CHECK(
        complaint([] {
          tanh(constant({3}, {0, kInfinity, kNan}));
        }).starts_with("tanh: nan out of numbers that are not finite: y (3) is nan at (2); x (3), a constant, is nan"));
  }

  TEST_CASE("a parameter that is not finite, where it is used") {
    const Checking checking;
    for (const Real bad : {kInfinity, -kInfinity, kNan}) {
      Leaf weight("decoder.weight", {2, 2});
      weight.value()[3] = bad;
      Tape tape;
      const Tensor x = constant({1, 2}, {1, 2});
      CHECK(complaint([&] { linear(x, weight, {}); }).find("; W (2, 2), the parameter decoder.weight, is ") !=
            std::string::npos);
      const int row = 1, other_row = 0;
      CHECK(complaint([&] { embedding(weight, std::span(&row, 1)); }).starts_with("embedding: "));
      CHECK(complaint([&] { embedding(weight, std::span(&other_row, 1)); }) == "");
    }
  }

  TEST_CASE("the first gradient that is not finite, by the op that made it") {
    const Checking checking;
    const ModulePath here("encoder");
    {
      Tape tape;
      const Tensor x = variable({2}, {4, 0});
      const Tensor loss = sum(sqrt(x));
      CHECK(complaint([&] { tape.backward(loss); }) ==
            "sqrt: backward makes inf out of finite numbers: the gradient of x (2), a variable, is inf at (1); the "
            "gradient "
            "of y (2) is 1; x (2), a variable, is from 0 to 4; need finite gradients [in encoder]");
    }
    {
      Tape tape;
      const Tensor x = variable({2}, {1, 2});
      const Tensor y = square(x);
      CHECK(complaint([&] {
              tape.backward(y, std::vector<Real>{1, kNan});
            })
                .starts_with("square: backward makes nan out of numbers that are not finite: the gradient of x (2), a "
                             "variable, is nan at (1); the gradient of y (2) is nan at (1); x (2)"));
    }
    for (const bool in_sweep : {false, true}) {
      Tape tape;
      const Tensor x = variable({1}, {0});
      const Tensor loss = sum(pow(tanh(x), Real(0.5)));
      CHECK(complaint([&] {
              in_sweep ? sweep(tape, loss) : tape.backward(loss);
            }).starts_with("pow: backward makes inf out of finite numbers"));
    }
  }

  TEST_CASE("the gradient of a parameter, once its uses are added up, on the tape and in a data-parallel step") {
    const Checking checking;
    struct Net : Module {
      Parameter weight{this, "weight", {1, 2}};
    } net;
    const auto loss = [&] {
      const Tensor y = linear(full({4, 2}, kLarge), net.weight, {});
      return sum(y);
    };
    const std::string expected =
        "backward: the uses of a parameter add up to inf: the gradient of weight (1, 2) is so at (0, 0); need finite "
        "gradients";
    CHECK(complaint([&] {
            Tape tape;
            tape.backward(loss());
          }) == expected);
    net.zero_grad();
    DataParallel parallel(net, 2, 2);
    CHECK(complaint([&] { parallel.step(1, [&](int) { return loss(); }); }) == expected);
  }

  TEST_CASE("masks are meant: -inf as a constant, in any ops, and in a masked log_softmax") {
    const Checking checking;
    Tape tape;
    const Tensor x = variable({2, 3}, {1, 2, 3, 4, 5, 6}), mask = constant({2, 3}, {1, 0, 1, 1, 1, 0});
    const Tensor scores = x + constant({2, 3}, {0, -kInfinity, 0, 0, 0, -kInfinity});
    const Tensor y = softmax(reshape(affine(scores, 1, 0), {2, 3}));
    const Tensor chosen = take_along_axis(log_softmax(x, mask), std::vector<int>{0, 1});
    tape.backward(sum(chosen) + sum(square(y)));
    CHECK(std::isfinite(x.grad()[0]));
    softmax(constant({2, 3}, {1, kNan, 3, 4, 5, kInfinity}), mask);  // padding is never read
    CHECK(complaint([&] { log_softmax(x, mask) * full({}, 0); }).starts_with("mul: nan out of numbers that are not"));
  }

  TEST_CASE("an op of one's own that makes infinities on purpose says so") {
    const Checking checking;
    const auto own = [](const char* name) {
      Tensor y = output({1}, {full({1}, 0)});
      y.value()[0] = -kInfinity;
      record(name, y, [] {});
    };
    Tape tape;
    CHECK(complaint([&] {
            own("test_mask");
          }).starts_with("test_mask: -inf out of finite numbers: output 0 (1) is -inf"));
    CHECK(may_be_infinite("test_meant"));
    own("test_meant");
  }

  TEST_CASE("an inference tape, which keeps no inputs, finds a NaN but no infinity") {
    const Checking checking;
    Tape tape(Tape::Inference);
    const ModulePath here("decoder");
    log(full({2}, 0));
    CHECK(complaint([] { log(full({2}, -1)); }) == "log: nan: y (2) is nan at (0); need a finite y [in decoder]");
  }

  TEST_CASE("without the mode, or without this part of it, infinite numbers pass") {
    Tape tape;
    const Checking others({.finite = false});
    CHECK(log(full({1}, 0)).item() < 0);
    const Checking nothing(kCheckNothing);
    CHECK(log(full({1}, 0)).item() < 0);
  }

  TEST_CASE("a training under the mode has the same bits, on any number of threads") {
    struct Net : Module {
      Net() { initialize(*this, 3, init::uniform(-1, 1)); }
      Parameter table{this, "table", {7, 4}}, weight{this, "weight", {6, 4}}, bias{this, "bias", {6}};
    };
    const auto train = [](int threads) {
      Net net;
      Adam adam(net.parameters());
      DataParallel parallel(net, threads, 3);
      std::vector<Real> result;
      const int ids[] = {1, 2, 3, 4, 6}, targets[] = {0, 5, 2, 1, 3};
      for (int step = 0; step < 5; ++step) {
        result.push_back(static_cast<Real>(parallel.step(step, [&](int shard) {
          const Tensor x = dropout(tanh(embedding(net.table, std::span(ids).subspan(shard))), Real(0.2));
          return linear_cross_entropy(x, net.weight, net.bias, std::span(targets).subspan(shard));
        })));
        adam.step({.zero_grads = true, .pool = &parallel.pool()});
      }
      for (const Parameter* parameter : net.parameters()) {
        result.insert(result.end(), parameter->value().begin(), parameter->value().end());
      }
      return result;
    };
    const std::vector<Real> plain = [&] {
      const Checking nothing(kCheckNothing);
      return train(1);
    }();
    const Checking checking;
    CHECK(train(1) == plain);
    CHECK(train(2) == plain);
    CHECK(train(3) == plain);
  }
}
