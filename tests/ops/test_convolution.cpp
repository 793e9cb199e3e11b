#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/gradcheck.h"
#include "autograd/inspect/check.h"
#include "ops/arrange/extend.h"
#include "ops/convolution/batch_norm.h"
#include "ops/convolution/convolution.h"
#include "ops/convolution/pooling.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "tests/reference/twins.h"
#include "tests/support/complaint.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

struct KernelCase {
  Shape x, weight;
  Pair stride = 1, padding = 0, dilation = 1;
  int groups = 1;
};

const std::vector<KernelCase> kKernelCases = {
    {{1, 1, 1, 1}, {1, 1, 1, 1}},
    {{2, 2, 4, 5}, {3, 2, 3, 2}},
    {{2, 2, 5, 4}, {3, 2, 2, 3}, {2, 1}, {1, 2}},
    {{1, 2, 6, 7}, {2, 2, 2, 3}, {1, 2}, {2, 0}, {2, 3}},
    {{2, 4, 3, 3}, {6, 2, 2, 2}, 1, 1, 1, 2},
    {{1, 3, 3, 4}, {3, 1, 2, 2}, 1, 0, 1, 3},
    {{1, 1, 2, 2}, {1, 1, 2, 2}, 3, 3},  // patches of padding only
    {{0, 2, 3, 3}, {2, 2, 2, 2}},
    {{1, 1, 1, 2}, {1, 1, 3, 3}, 1, 1},
};

/// By the definition, number by number.
std::vector<double> convolved(const KernelCase& c, Tensor x, Tensor w, Tensor b, const Shape& y) {
  std::vector<double> numbers(y.size());
  const int inner = w.dim(1), per_group = w.dim(0) / c.groups;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const int column = i % y[3], row = i / y[3] % y[2], o = i / (y[3] * y[2]) % y[1], n = i / (y[3] * y[2] * y[1]);
    numbers[i] = b.value()[o];
    for (int k = 0; k < inner; ++k) {
      for (int p = 0; p < w.dim(2); ++p) {
        for (int q = 0; q < w.dim(3); ++q) {
          const int u = row * c.stride.height - c.padding.height + p * c.dilation.height;
          const int v = column * c.stride.width - c.padding.width + q * c.dilation.width;
          if (u < 0 || u >= x.dim(2) || v < 0 || v >= x.dim(3)) continue;
          const int channel = o / per_group * inner + k;
          numbers[i] += double(x.value()[((n * x.dim(1) + channel) * x.dim(2) + u) * x.dim(3) + v]) *
                        w.value()[((o * inner + k) * w.dim(2) + p) * w.dim(3) + q];
        }
      }
    }
  }
  return numbers;
}

}

TEST_SUITE("convolution") {
  TEST_CASE("conv2d is the sum of the products of kernels and patches") {
    for (const KernelCase& c : kKernelCases) {
      CAPTURE(to_string(c.x));
      Tape tape;
      const Tensor x = some(c.x, 1), w = some(c.weight, 2), b = some({c.weight[0]}, 3);
      const Tensor y = conv2d(x, w, b, c.stride, c.padding, c.dilation, c.groups);
      check_numbers(y, convolved(c, x, w, b, y.shape()), 1e-5);
    }
  }

  TEST_CASE("conv1d is conv2d of one line, and both take one picture without a batch") {
    Tape tape;
    const Tensor x = some({2, 4, 7}, 1), w = some({6, 2, 3}, 2), b = some({6}, 3);
    const Tensor y = conv1d(x, w, b, 2, 1, 2, 2);
    const Tensor pictures = conv2d(reshape(x, {2, 4, 1, 7}), reshape(w, {6, 2, 1, 3}), b, {1, 2}, {0, 1}, {1, 2}, 2);
    CHECK(y.shape() == Shape{2, 6, 3});
    check_numbers(y, {pictures.value().begin(), pictures.value().end()});
    const Tensor one = conv1d(reshape(slice(x, 0, 1, 2), {4, 7}), w, b, 2, 1, 2, 2);
    CHECK(one.shape() == Shape{6, 3});
    check_numbers(one, {y.value().begin() + 18, y.value().end()});
    CHECK(conv2d(some({2, 4, 4}, 1), some({3, 2, 2, 2}, 2)).shape() == Shape{3, 3, 3});
  }

  TEST_CASE("padding by a word: the same size, with the odd zeros behind") {
    Tape tape;
    const Tensor x = some({2, 2, 4, 5}, 1), w = some({3, 2, 2, 3}, 2);
    const Tensor y = conv2d(x, w, {}, 1, Padding::Same, {3, 2});  // 3 zeros in all by height, 4 by width
    CHECK(y.shape() == Shape{2, 3, 4, 5});
    const Tensor padded = pad(x, {2, 2, 1, 2}), same = conv2d(padded, w, {}, 1, 0, {3, 2});
    check_numbers(y, {same.value().begin(), same.value().end()});
    const Tensor line = some({2, 4}, 1), kernel = some({1, 2, 4}, 2);
    const Tensor whole = conv1d(pad(line, {1, 2}), kernel);
    check_numbers(conv1d(line, kernel, {}, 1, Padding::Same), {whole.value().begin(), whole.value().end()});
    CHECK(conv1d(line, kernel, {}, 1, Padding::Valid).shape() == Shape{1, 1});
    CHECK(conv1d(line, some({1, 2, 9}, 2), {}, 1, Padding::Same).shape() == Shape{1, 4});
    CHECK(complaint([&] { conv1d(line, kernel, {}, 2, Padding::Same); }) ==
          "conv1d: padding \"same\" with stride (1, 2); need a stride of 1");
    CHECK(complaint([&] {
            conv1d(full({2, 0}, 0), kernel, {}, 1, Padding::Same);
          }).starts_with("conv1d: the kernel is larger than its input"));
  }

  TEST_CASE("pooling, by hand") {
    const Checking nothing(kCheckNothing);  // NaN is the maximum of what it is among
    Tape tape;
    const Real nan = std::numeric_limits<Real>::quiet_NaN();
    const Tensor x = constant({1, 3, 4}, {1, 5, 2, 0, 3, -1, 7, 7, 4, 6, 8, 9});
    check_numbers(max_pool2d(x, 2), {5, 7});
    check_numbers(max_pool2d(x, 2, 1), {5, 7, 7, 6, 8, 9});
    check_numbers(max_pool2d(x, {3, 4}), {9});
    check_numbers(max_pool2d(-x, 2, 2, 1), {-1, -2, 0, -3, 1, -7});  // padding is no 0
    check_numbers(avg_pool2d(x, 2), {2, 4});
    check_numbers(avg_pool2d(x, 2, 2, 1), {0.25, 7.0 / 4, 0, 7.0 / 4, 20.0 / 4, 4});
    check_numbers(avg_pool2d(x, 2, 2, 1, false, false), {1, 3.5, 0, 3.5, 5, 8});
    check_numbers(avg_pool2d(x, 2, 2, 1, false, true, 2), {0.5, 3.5, 0, 3.5, 10, 8});
    check_numbers(max_pool2d(x, 2, 2, 0, 1, true), {5, 7, 6, 9});
    check_numbers(avg_pool2d(x, 2, 2, 0, true), {2, 4, 5, 8.5});
    check_numbers(avg_pool1d(constant({4}, {1, 2, 3, 4}), 3, 2, 1, true), {1, 3, 2});
    check_numbers(avg_pool1d(constant({4}, {1, 2, 3, 4}), 3, 2, 1, true, false), {1.5, 3, 4});
    check_numbers(max_pool1d(constant({4}, {1, 2, 3, 4}), 1, 4, 0, 1, true), {1});  // a second would begin outside
    check_numbers(max_pool1d(constant({5}, {1, 3, 2, 5, 4}), 2), {3, 5});
    check_numbers(avg_pool1d(constant({2, 4}, {1, 3, 2, 4, 0, 1, 2, 3}), 2, 1), {2, 2.5, 3, 0.5, 1.5, 2.5});
    CHECK(std::isnan(max_pool1d(constant({2}, {nan, 3}), 2).value()[0]));
    CHECK(std::isnan(max_pool1d(constant({2}, {3, nan}), 2).value()[0]));
    CHECK(max_pool2d(full({0, 2, 2}, 0), 2).shape() == Shape{0, 1, 1});
    CHECK(avg_pool2d(full({3, 0, 2, 2}, 0), 2).shape() == Shape{3, 0, 1, 1});
    const auto [maxima, places] = max_pool2d_with_indices(-x, 2, 2, 1);
    check_numbers(maxima, {-1, -2, 0, -3, 1, -7});
    CHECK(places == std::vector{0, 2, 3, 4, 5, 7});
    const auto [last, where] = max_pool1d_with_indices(constant({2, 3}, {1, 3, nan, 4, 4, 2}), 2, 1);
    CHECK(where == std::vector{1, 2, 0, 1});
    CHECK(max_pool1d_with_indices(full({2}, 0), 2, 3, 1, 3).indices == std::vector{-1});  // padding alone
    Tensor equal = variable({1, 4}, {2, 2, 2, 1});
    tape.backward(sum(max_pool2d(equal, {1, 4})));
    check_numbers(equal.grad(), {1, 0, 0, 0});
  }

  TEST_CASE("batch_norm normalises by the batch in training, and by what it has seen otherwise") {
    Tape tape;
    const Tensor x = constant({2, 2, 2}, {1, 3, 10, 10, 5, 7, 30, 30});
    std::vector<Real> mean = {0, 0}, var = {1, 1};
    const Tensor y = batch_norm(x, mean, var, {}, {}, true, Real(0.5), 0);
    const double r = std::sqrt(5.0);
    check_numbers(y, {-3 / r, -1 / r, -1, -1, 1 / r, 3 / r, 1, 1});
    check_numbers(constant({2}, mean), {2, 10});
    check_numbers(constant({2}, var), {0.5 + 20.0 / 6, 0.5 + 400.0 / 6});
    std::vector<Real> known = {1, 10}, spread = {4, 100};
    check_numbers(batch_norm(x, known, spread, {}, {}, false, Real(0.5), 0), {0, 1, 0, 0, 2, 3, 2, 2});
    CHECK(known == std::vector<Real>{1, 10});
    CHECK(batch_norm(full({0, 2}, 0), known, spread, {}, {}, true).shape() == Shape{0, 2});
    CHECK(known == std::vector<Real>{1, 10});
  }

  TEST_CASE("max_pool finds maxima and places in planes of any width, at any stride") {
    const Checking nothing(kCheckNothing);
    Tape tape;
    for (const int width : {1, 2, 7, 16, 33, 70}) {
      Tensor x = some({2, 3, width}, width);
      x.value()[static_cast<std::size_t>(width) + width / 2] = std::numeric_limits<Real>::quiet_NaN();
      for (const Pair stride : {Pair(1), Pair(1, 2), Pair(2, 3)}) {
        const auto [values, indices] = max_pool2d_with_indices(x, {2, 3}, stride, 1);
        const int rows = values.dim(1), columns = values.dim(2);
        for (std::size_t i = 0; i < values.size(); ++i) {
          const int plane = static_cast<int>(i) / (rows * columns), row = static_cast<int>(i) / columns % rows,
                    column = static_cast<int>(i) % columns;
          int best = -1;
          const Real* const numbers = x.value().data + std::size_t(plane) * 3 * width;
          for (int u = row * stride.height - 1; u < row * stride.height + 1; ++u) {
            for (int v = column * stride.width - 1; v < column * stride.width + 2; ++v) {
              if (u < 0 || u >= 3 || v < 0 || v >= width) continue;
              const int at = u * width + v;
              if (best < 0 || numbers[at] > numbers[best] || (std::isnan(numbers[at]) && !std::isnan(numbers[best])))
                best = at;
            }
          }
          CHECK(indices[i] == best);
          CHECK((values.value()[i] == numbers[best] || std::isnan(numbers[best])));
        }
      }
    }
  }

  TEST_CASE("batch_norm of channels of any size") {
    for (const Shape& shape : {Shape{37, 2}, Shape{3, 2, 5}, Shape{2, 2, 16}, Shape{3, 2, 7, 9}}) {
      CAPTURE(to_string(shape));
      Tape tape;
      const Tensor x = some(shape, 1), w = constant({2}, {2, -1}), b = constant({2}, {1, 3});
      std::vector<Real> mean(2), var(2);
      const Tensor y = batch_norm(x, mean, var, w, b, true, 1);
      const Tensor by_channel = reshape(transpose(reshape(x, {shape[0], 2, -1}), 0, 1), {2, -1});
      const Tensor means = gradus::mean(by_channel, 1, true), variances = gradus::var(by_channel, 1, 0, true);
      const Tensor normal = (by_channel - means) / sqrt(variances + Real(1e-5));
      const Tensor expected = normal * reshape(w, {2, 1}) + reshape(b, {2, 1});
      const Tensor got = reshape(transpose(reshape(y, {shape[0], 2, -1}), 0, 1), {2, -1});
      check_numbers(got, {expected.value().begin(), expected.value().end()}, 1e-5);
      check_numbers(constant({2}, mean), {means.value().begin(), means.value().end()}, 1e-5);
    }
  }

  TEST_CASE("the statistics of large batches, and of numbers far from 0, lose no digits") {
    Tape tape;
    constexpr int kMany = 200000;
    Tensor x = full({kMany, 1}, Real(0.1));
    std::vector<Real> mean = {0}, var = {0};
    batch_norm(x, mean, var, {}, {}, true, 1);
    CHECK(mean[0] == doctest::Approx(0.1));
    CHECK(std::abs(var[0]) < 1e-12);
    const Tensor far = batch_norm(constant({2, 1}, {1000000, 1000002}), mean, var, {}, {}, true, 1, 0);
    check_numbers(far, {-1, 1});
    CHECK(var[0] == 2);
  }

  TEST_CASE("the gradient of a bias loses no pictures") {
    Tape tape;
    constexpr int kMany = 65;
    Tensor bias = variable({1}, {0});
    std::vector<Real> cotangent(kMany, 1);
    cotangent[0] = 1 << 24;  // to which no float can add 1
    tape.backward(conv1d(full({kMany, 1, 1}, 1), full({1, 1, 1}, 1), bias), cotangent);
    CHECK(bias.grad()[0] == (1 << 24) + 64);
  }

  TEST_CASE("mistakes are named") {
    Tape tape;
    const Tensor x = full({2, 4, 3, 3}, 0), w = full({6, 4, 2, 2}, 0);
    std::vector<Real> four(4), three(3);
    CHECK(complaint([&] {
            conv2d(full({3, 3}, 0), w);
          }) ==
          "conv2d: no pictures: x is (3, 3), weight is (6, 4, 2, 2); need (N, C, H, W) and (O, C / groups, KH, KW)");
    CHECK(
        complaint([&] { conv2d(x, w, {}, 1, 0, 1, 2); }) ==
        "conv2d: channels do not fit: x is (2, 4, 3, 3), weight is (6, 4, 2, 2), groups is 2; need x.dim(1) == groups "
        "* weight.dim(1), and weight.dim(0) a multiple of groups");
    CHECK(complaint([&] { conv2d(x, w, full({5}, 0)); }) ==
          "conv2d: bias does not fit: bias is (5), weight is (6, 4, 2, 2); need bias (6)");
    CHECK(
        complaint([&] { conv2d(x, w, {}, 0); }) ==
        "conv2d: bad numbers: kernel (2, 2), stride (0, 0), padding (0, 0), dilation (1, 1); need 1 or more, and 0 or "
        "more of padding");
    CHECK(complaint([&] {
            conv2d(x, full({6, 4, 4, 2}, 0));
          }) ==
          "conv2d: the kernel is larger than its input: x is (2, 4, 3, 3), kernel (4, 2) with dilation (1, 1), padding "
          "(0, 0); need at least one patch");
    CHECK(complaint([&] { conv1d(x, w); }) ==
          "conv1d: no sequences: x is (2, 4, 3, 3), weight is (6, 4, 2, 2); need (N, C, L) and (O, C / groups, K)");
    CHECK(complaint([&] { max_pool2d(x, 2, 2, 2); }) ==
          "max_pool2d: bad padding: (2, 2) of kernel (2, 2); need at most half of it");
    CHECK(complaint([&] { avg_pool2d(full({3}, 0), 2); }) == "avg_pool2d: no planes: x is (3); need (…, H, W)");
    CHECK(complaint([&] { avg_pool2d(x, 2, 2, 0, false, true, 0); }) ==
          "avg_pool: the divisor is 0; need another number");
    CHECK(complaint([&] { avg_pool2d(x, 4); }).starts_with("avg_pool2d: the kernel is larger than its input: x is"));
    CHECK(complaint([&] { max_pool1d(full({}, 0), 2); }) ==
          "max_pool1d: no sequences: x is (); need (…, L), with at most 5 axes");
    CHECK(complaint([&] { batch_norm(full({3}, 0), three, three); }) ==
          "batch_norm: no channels: x is (3); need (N, C) or (N, C, …)");
    CHECK(complaint([&] { batch_norm(x, three, three); }) ==
          "batch_norm: running statistics do not fit: 3 means and 3 variances, x is (2, 4, 3, 3); need 4 each");
    CHECK(complaint([&] { batch_norm(x, {}, {}); }) ==
          "batch_norm: running statistics do not fit: 0 means and 0 variances, x is (2, 4, 3, 3); need 4 each");
    CHECK(complaint([&] { batch_norm(x, four, four, full({3}, 1)); }) ==
          "batch_norm: sizes differ: x is (2, 4, 3, 3), a weight or bias is (3); need (4)");
    CHECK(complaint([&] {
            batch_norm(full({1, 4}, 0), four, four, {}, {}, true);
          }) == "batch_norm: one number a channel: x is (1, 4); need more in training");
    CHECK(complaint([&] { batch_norm(x, four, four, {}, {}, true, 2); }) == "batch_norm: bad momentum: 2; need 0 to 1");
    CHECK(complaint([&] { batch_norm(x, four, four, {}, {}, true, 0, -1); }) ==
          "batch_norm: bad epsilon: -1; need 0 or more");
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    for (const KernelCase& c : kKernelCases) {
      const auto convolve = [&](Tensor x, Tensor w, Tensor b) {
        return conv2d(x, w, b, c.stride, c.padding, c.dilation, c.groups);
      };
      gradcheck("conv2d", {c.x, c.weight, {c.weight[0]}}, convolve);
    }
    gradcheck("conv1d", {{2, 4, 5}, {2, 2, 3}}, [](Tensor x, Tensor w) { return conv1d(x, w, {}, 2, 1, 1, 2); });
    gradcheck("conv2d", {{2, 4, 4}, {3, 2, 2, 2}}, [](Tensor x, Tensor w) { return conv2d(x, w); });
    gradcheck("conv2d", {{2, 4, 3}, {3, 2, 2, 4}}, [](Tensor x, Tensor w) {
      return conv2d(x, w, {}, 1, Padding::Same, {2, 1});
    });
    for (const Shape& shape : {Shape{2, 5, 4}, Shape{1, 2, 4, 5}, Shape{0, 4, 4}}) {
      gradcheck("max_pool2d", {shape}, [](Tensor x) { return max_pool2d(x, 2); });
      gradcheck("max_pool2d", {shape}, [](Tensor x) { return max_pool2d(x, {3, 2}, Pair(1, 2), 1); });
      gradcheck("avg_pool2d", {shape}, [](Tensor x) { return avg_pool2d(x, 2); });
      gradcheck("avg_pool2d", {shape}, [](Tensor x) { return avg_pool2d(x, {3, 2}, Pair(1, 2), 1, true, false); });
      gradcheck("avg_pool2d", {shape}, [](Tensor x) { return avg_pool2d(x, {3, 2}, Pair(1, 2), 1); });
    }
    gradcheck("max_pool2d", {{2, 5, 4}}, [](Tensor x) { return max_pool2d(x, 3, 2, 1, 1, true); });
    gradcheck("avg_pool2d", {{2, 5, 4}}, [](Tensor x) { return avg_pool2d(x, 3, 2, 1, true); });
    gradcheck("avg_pool2d", {{2, 5, 4}}, [](Tensor x) { return avg_pool2d(x, 3, 2, 1, true, true, -2); });
    gradcheck("max_pool1d", {{2, 7}}, [](Tensor x) { return max_pool1d(x, 3, 2, 1); });
    gradcheck("avg_pool1d", {{7}}, [](Tensor x) { return avg_pool1d(x, 3, 2, 1); });
    for (const Shape& shape : {Shape{3, 2}, Shape{2, 2, 3}, Shape{2, 2, 2, 2}, Shape{1, 2, 4}}) {
      for (const bool training : {false, true}) {
        const auto norm = [=](Tensor x, Tensor w, Tensor b) {
          std::vector<Real> mean = {1, 2}, var = {3, 0.5};
          return batch_norm(x, mean, var, w, b, training);
        };
        gradcheck("batch_norm", {shape, {2}, {2}}, norm);
        gradcheck("batch_norm", {shape}, [=](Tensor x) { return norm(x, {}, {}); });
      }
    }
  }
}
