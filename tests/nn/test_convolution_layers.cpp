#include <doctest/doctest.h>

#include <cmath>

#include "autograd/gradcheck.h"
#include "nn/containers/module_list.h"
#include "nn/containers/sequential.h"
#include "nn/convolution/batch_norm.h"
#include "nn/convolution/convolution.h"
#include "nn/convolution/pooling.h"
#include "nn/layers.h"
#include "nn/storage/safetensors.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "tests/support/complaint.h"
#include "tests/support/numbers.h"
#include "tests/support/randomize.h"
#include "tests/support/temporary_folder.h"

using namespace gradus;

namespace {

std::vector<std::string> state_names(Module& module) {
  std::vector<std::string> names;
  for (const NamedArray& array : state_dict(module)) names.push_back(array.name);
  return names;
}

struct Stack : Module {
  Stack(Module* parent, std::string name, int count) : Module(parent, std::move(name)) {
    for (int i = 0; i < count; ++i) layers.add(3, 3);
  }
  Tensor operator()(Tensor x) {
    for (Linear& layer : layers) x = layer(x);
    return x;
  }

  ModuleList<Linear> layers{this, "layers"};
};

}

TEST_CASE("a Sequential takes its input through all modules and functions, under PyTorch's names") {
  Sequential net(nullptr, "net");
  net.add<Conv2d>(1, 2, 3, ConvolutionOptions{.padding = 1});
  net.add<BatchNorm2d>(2);
  net.add(relu);
  net.add<AvgPool2d>(2);
  net.add<Flatten>();
  Sequential& head = net.add<Sequential>();
  head.add<Dropout>(Real(0.5));
  head.add<Linear>(8, 3, false);
  CHECK(net.size() == 6);
  CHECK(state_names(net) == std::vector<std::string>{"0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean",
                                                     "1.running_var", "1.num_batches_tracked", "5.1.weight"});
  CHECK(net.parameters().size() == 5);  // buffers are none
  randomize(net);
  net.eval();
  Tape tape;
  CHECK(net(full({2, 1, 4, 4}, 1)).shape() == Shape{2, 3});
  CHECK(complaint([&] { net(full({2, 2, 4, 4}, 1)); }).ends_with("[in net.0]"));
  if (kGradcheck)
    gradcheck(
        "net", {{2, 1, 4, 4}}, [&](Tensor x) { return net(x); }, net.parameters());
  Sequential nothing(nullptr, "");
  check_numbers(nothing(constant({2}, {1, 2})), {1, 2});
}

TEST_CASE("a convolution pads by a word, and with a border of its input") {
  Conv2d net(nullptr, "net", 1, 1, {2, 3}, {.padding = Padding::Same, .border = Border::Circular, .bias = false});
  Conv1d line(nullptr, "line", 1, 1, 3, {.padding = 1, .border = Border::Replicate, .bias = false});
  for (Parameter* const weight : {&net.weight, &line.weight}) std::ranges::fill(weight->value(), Real(0));
  net.weight.value()[0] = 1;   // the number to the left, from the other end
  net.weight.value()[3] = 10;  // and the one below it
  line.weight.value()[0] = 1;
  line.weight.value()[2] = 10;
  Tape tape;
  check_numbers(net(constant({1, 1, 2, 2}, {1, 2, 3, 4})), {42, 31, 24, 13});
  check_numbers(line(constant({1, 1, 3}, {1, 2, 3})), {21, 31, 32});
  CHECK(Conv1d(nullptr, "", 1, 2, 4, {.padding = Padding::Same})(full({1, 1, 5}, 1)).shape() == Shape{1, 2, 5});
}

TEST_CASE("a ModuleList numbers its modules") {
  Stack stack(nullptr, "stack", 3);
  CHECK(stack.layers.size() == 3);
  CHECK(state_names(stack) == std::vector<std::string>{"layers.0.weight", "layers.0.bias", "layers.1.weight",
                                                       "layers.1.bias", "layers.2.weight", "layers.2.bias"});
  CHECK(std::string(stack.layers[1].path()) == "stack.layers.1");
  stack.eval();
  CHECK_FALSE(stack.layers[2].training());
  if (kGradcheck)
    gradcheck(
        "stack", {{2, 3}}, [&](Tensor x) { return stack(x); }, stack.parameters());
}

TEST_CASE("Flatten joins axes") {
  Tape tape;
  const Tensor x = full({2, 3, 4, 5}, 0);
  CHECK(Flatten(nullptr, "")(x).shape() == Shape{2, 60});
  CHECK(Flatten(nullptr, "", 0)(x).shape() == Shape{120});
  CHECK(Flatten(nullptr, "", 1, 2)(x).shape() == Shape{2, 12, 5});
  CHECK(Flatten(nullptr, "", -2)(x).shape() == Shape{2, 3, 20});
  CHECK(Flatten(nullptr, "")(full({0, 3, 2}, 0)).shape() == Shape{0, 6});
  CHECK(complaint([&] { Flatten(nullptr, "f", 2, 1)(x); }) ==
        "flatten: axes 2 to 1 of (2, 3, 4, 5); need the first one in front [in f]");
  CHECK(complaint([&] { Flatten(nullptr, "f", 4)(x); }) == "flatten: no axis 4 in (2, 3, 4, 5) [in f]");
}

TEST_CASE("convolutions have PyTorch's first values, within ±1/√(inputs of a kernel)") {
  Conv2d pictures(nullptr, "pictures", 4, 50, {3, 5}, {.groups = 2});
  Conv1d lines(nullptr, "lines", 6, 50, 5);
  CHECK(pictures.weight.shape() == Shape{50, 2, 3, 5});
  CHECK(lines.weight.shape() == Shape{50, 6, 5});
  for (Parameter* parameter : {&pictures.weight, &*pictures.bias, &lines.weight, &*lines.bias}) {
    const double limit = 1 / std::sqrt(30.0);
    double largest = 0;
    for (const Real number : parameter->value()) largest = std::max(largest, std::abs(double(number)));
    CHECK(largest <= limit);
    CHECK(largest > 0.8 * limit);
  }
  CHECK(Conv1d(nullptr, "", 1, 1, 1, {.bias = false}).parameters().size() == 1);
  CHECK(complaint([] { Conv2d(nullptr, "c", 3, 4, 2, {.groups = 2}); }) ==
        "convolution: 3 and 4 channels in 2 groups in c; need multiples of the groups");
  if (!kGradcheck) return;
  gradcheck(
      "lines", {{2, 6, 7}}, [&](Tensor x) { return lines(x); }, lines.parameters());
}

TEST_CASE("pooling layers are their ops") {
  Tape tape;
  const Tensor x = constant({1, 2, 4}, {1, 5, 2, 0, 3, -1, 7, 7});
  check_numbers(MaxPool2d(nullptr, "", 2)(x), {5, 7});
  check_numbers(AvgPool2d(nullptr, "", 2)(x), {2, 4});
  check_numbers(MaxPool1d(nullptr, "", 2)(x), {5, 2, 3, 7});
  check_numbers(AvgPool1d(nullptr, "", 2)(x), {3, 1, 1, 7});
}

TEST_CASE("BatchNorm keeps running statistics, saves them, and evaluates by them") {
  BatchNorm1d norm(nullptr, "norm", 2);
  const std::vector<Real> numbers = {1, 10, 3, 20, 5, 60};
  {
    Tape tape;
    const Tensor y = norm(constant({3, 2}, numbers));
    CHECK(y.value()[2] == doctest::Approx(0));
  }
  CHECK(norm.num_batches_tracked->value()[0] == 1);
  check_numbers(norm.running_mean->value(), {0.3, 3});
  check_numbers(norm.running_var->value(), {0.9 + 0.1 * 4, 0.9 + 0.1 * 700});
  norm.eval();
  const TemporaryFolder folder;
  const std::string file = folder.file("norm.safetensors");
  save(norm, file);
  BatchNorm1d other(nullptr, "other", 2);
  load(other, file);
  other.eval();
  Tape tape;
  const Tensor x = constant({1, 2}, {1, 2}), y = norm(x), z = other(x);
  check_numbers(y, {0.7 / std::sqrt(1.3 + 1e-5), -1 / std::sqrt(70.9 + 1e-5)});
  check_numbers(z, {y.value()[0], y.value()[1]});
  CHECK(norm.num_batches_tracked->value()[0] == 1);

  BatchNorm1d plain(nullptr, "plain", 2, {.affine = false, .track_running_stats = false});
  CHECK(state_names(plain).empty());
  plain.eval();
  check_numbers(plain(constant({2, 2}, {0, 0, 2, 20})), {-1, -1, 1, 1}, 1e-4);
  CHECK(complaint([&] {
          norm(full({1, 2, 3, 4}, 0));
        }) == "batch_norm: x is (1, 2, 3, 4); need (N, C) or (N, C, L) [in norm]");
  CHECK(complaint([] {
          BatchNorm2d pictures(nullptr, "pictures", 2);
          pictures(full({1, 2, 3}, 0));
        }) == "batch_norm: x is (1, 2, 3); need (N, C, H, W) [in pictures]");
  if (!kGradcheck) return;
  other.train();
  gradcheck(
      "norm", {{3, 2, 2}}, [&](Tensor x) { return other(x); }, other.parameters());
}
