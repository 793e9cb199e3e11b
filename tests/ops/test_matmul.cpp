#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/gather.h"
#include "autograd/gradcheck.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "tests/reference/twins.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

/// Numbers in (-1, 1) that differ from place to place.
void fill(const Array& array, double seed) {
  for (std::size_t i = 0; i < array.size(); ++i) array[i] = static_cast<Real>(std::sin(seed + 1.3 * i));
}

Tensor filled(const Shape& shape, double seed) {
  Tensor x = full(shape, 0);
  fill(x.value(), seed);
  return x;
}

/// A parameter for gradient checks.
struct Weight : Leaf {
  Weight(std::string name, const Shape& shape) : Leaf(std::move(name), shape) { fill(value(), shape.size()); }
};

}

TEST_SUITE("matmul") {
  TEST_CASE("matmul") {
    Tape tape;
    Tensor a = variable({2, 3}, {1, 2, 3, 4, 5, 6}), b = variable({3, 2}, {1, 0, -1, 2, 0.5, 1});
    Tensor c = matmul(a, b);
    CHECK(c.shape() == Shape{2, 2});
    check_numbers(c, {0.5, 7, 2, 16});
    tape.backward(c, std::vector<Real>{1, 0, 0, 2});
    check_numbers(a.grad(), {1, -1, 0.5, 0, 4, 2});  // dc bᵀ
    check_numbers(b.grad(), {1, 8, 2, 10, 3, 12});   // aᵀ dc
  }

  TEST_CASE("batched_matmul") {
    Tape tape;
    Tensor a = constant({2, 1, 2}, {1, 2, 3, 4}), b = constant({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
    Tensor c = batched_matmul(a, b);
    CHECK(c.shape() == Shape{2, 1, 2});
    check_numbers(c, {7, 10, 43, 50});
  }

  TEST_CASE("linear") {
    Tape tape;
    Tensor weight = variable({2, 3}, {1, 0, -1, 2, 1, 0.5}), bias = variable({2}, {10, 20});
    Tensor x = variable({2, 1, 3}, {1, 2, 3, 4, 5, 6});
    Tensor y = linear(x, weight, bias);
    CHECK(y.shape() == Shape{2, 1, 2});
    check_numbers(y, {8, 25.5, 8, 36});
    check_numbers(linear(x, weight), {-2, 5.5, -2, 16});
    check_numbers(linear(constant({3}, {1, 2, 3}), weight), {-2, 5.5});
    tape.backward(y, std::vector<Real>{1, 0, 0, 2});
    check_numbers(x.grad(), {1, 0, -1, 4, 2, 1});
    check_numbers(weight.grad(), {1, 2, 3, 8, 10, 12});
    check_numbers(bias.grad(), {1, 2});
  }

  TEST_CASE("linear_sum is the sum of linear maps of its parts") {
    Tape tape;
    Tensor e = filled({4, 3}, 1), c = filled({4, 2}, 2), w = filled({5, 5}, 3), u = filled({5, 2}, 4);
    Tensor bias = filled({5}, 5), base = filled({4, 5}, 6);
    Tensor y = linear_sum(bias, {{e, w}, {c, w, 3}, {c, u}}), z = linear_sum(base, {{e, w, 2}});
    for (int n = 0; n < 4; ++n) {
      for (int o = 0; o < 5; ++o) {
        double y_wanted = bias.value()[o], z_wanted = base.value()[n * 5 + o];
        for (int i = 0; i < 3; ++i) y_wanted += e.value()[n * 3 + i] * w.value()[o * 5 + i];
        for (int i = 0; i < 2; ++i)
          y_wanted += c.value()[n * 2 + i] * (w.value()[o * 5 + 3 + i] + u.value()[o * 2 + i]);
        for (int i = 0; i < 3; ++i) z_wanted += e.value()[n * 3 + i] * w.value()[o * 5 + 2 + i];
        CHECK(y.value()[n * 5 + o] == doctest::Approx(y_wanted).epsilon(1e-5));
        CHECK(z.value()[n * 5 + o] == doctest::Approx(z_wanted).epsilon(1e-5));
      }
    }
    check_numbers(linear_sum(base, {}), std::vector<double>(base.value().begin(), base.value().end()));
  }

  TEST_CASE("linear_sum_tanh agrees with its twin") {
    const auto fused = [](Tensor base, Tensor x, Tensor z, Tensor w) {
      const LinearTerm terms[] = {{x, w}, {z, w, 1}};
      return std::vector{linear_sum_tanh(base, terms)};
    };
    const auto twin = [](Tensor base, Tensor x, Tensor z, Tensor w) {
      return std::vector{tanh(linear_sum(base, {{x, w}, {z, w, 1}}))};
    };
    for (const Shape& base : {Shape{4}, Shape{3, 4}}) check_twins({base, {3, 1}, {3, 5}, {4, 6}}, fused, twin);
  }

  TEST_CASE("a parameter's gradient is the sum over its uses, short and long, in any columns, on several tapes") {
    constexpr int kOut = 7, kIn = 5, kLong = 600;
    Leaf weight("weight", {kOut, kIn});
    fill(weight.value(), 1);
    // The same model on a variable, whose gradients are added at once, tells what the parameter's should be.
    const auto loss = [](Tensor w, int tape_number) {
      Tensor total = full({}, 0);
      for (int i = 0; i < 8; ++i) {
        const int rows = i % 4 == 3 ? kLong : 300 + i;  // of the short ones, more than one gathered product can take
        Tensor x = filled({rows, kIn}, i + tape_number), part = filled({rows, 2}, i);
        Tensor scale = filled({rows, kOut}, 2 * i);
        total = total + sum(linear(x, w) * scale) + sum(linear_sum(full({kOut}, 0), {{part, w, i % 2}}) * scale);
      }
      return total + sum(matmul(filled({2, kOut}, 3), w));
    };
    std::vector<double> wanted(weight.size());
    for (int t = 0; t < 2; ++t) {
      Tape tape;
      Tensor w = variable({kOut, kIn}, std::span<const Real>(weight.value().data, weight.size()));
      tape.backward(loss(w, t));
      for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += w.grad()[i];
    }

    Tape first;
    sweep(first, loss(weight, 0));
    Tape second;
    sweep(second, loss(weight, 1));
    const Tape* const tapes[] = {&first, &second};
    for (const int step : {kOut, 1, 2, 3}) {
      CAPTURE(step);
      weight.zero_grad();
      for (int row = 0; row < kOut; row += step) gather(weight, tapes, row, std::min(row + step, kOut));
      check_numbers(weight.grad(), wanted, kGradcheck ? 1e-12 : 1e-4);
    }
  }

  TEST_CASE("mistakes are named") {
    Tape tape;
    Tensor a = full({32, 512}, 0), b = full({256, 128}, 0), c = full({2, 3, 4}, 0), none = full({}, 0);
    CHECK_THROWS_WITH_AS(
        matmul(a, b), "matmul: inner dimensions differ: a is (32, 512), b is (256, 128); need a.dim(-1) == b.dim(-2)",
        Error);
    CHECK_THROWS_WITH_AS(batched_matmul(a, c),
                         "batched_matmul: not batches of matrices: a is (32, 512), b is (2, 3, 4); need (B, M, K) and "
                         "(B, K, N)",
                         Error);
    CHECK_THROWS_WITH_AS(
        batched_matmul(c, full({3, 4, 2}, 0)),
        "batched_matmul: batch sizes differ: a is (2, 3, 4), b is (3, 4, 2); need a.dim(0) == b.dim(0)", Error);
    CHECK_THROWS_WITH_AS(
        batched_matmul(c, c),
        "batched_matmul: inner dimensions differ: a is (2, 3, 4), b is (2, 3, 4); need a.dim(-1) == b.dim(-2)", Error);
    CHECK_THROWS_WITH_AS(linear(a, c), "linear: weight is no matrix: weight is (2, 3, 4); need (out, in)", Error);
    CHECK_THROWS_WITH_AS(linear(none, b),
                         "linear: input sizes differ: x is (), weight is (256, 128); need x.dim(-1) == weight.dim(-1)",
                         Error);
    CHECK_THROWS_WITH_AS(
        linear(a, b),
        "linear: input sizes differ: x is (32, 512), weight is (256, 128); need x.dim(-1) == weight.dim(-1)", Error);
    CHECK_THROWS_WITH_AS(linear(full({128}, 0), b, full({3}, 0)),
                         "linear: bias does not fit: bias is (3), weight is (256, 128); need bias (256)", Error);
    CHECK_THROWS_WITH_AS(
        linear_sum(full({3}, 0), {}),
        "linear_sum: base does not fit: base is (3), 0 terms; need (N, out), or (out) or nothing with a term", Error);
    CHECK_THROWS_WITH_AS(linear_sum(full({32, 256}, 0), {{full({31, 4}, 0), b}}),
                         "linear_sum: x does not fit: x is (31, 4); need (32, in)", Error);
    CHECK_THROWS_WITH_AS(linear_sum(full({2, 4}, 0), {{full({2, 4}, 0), b}}),
                         "linear_sum: weight does not fit: weight is (256, 128); need (4, in)", Error);
    CHECK_THROWS_WITH_AS(linear_sum(full({256}, 0), {{full({2, 4}, 0), b, 125}}),
                         "linear_sum: too few columns: x is (2, 4), weight is (256, 128), first_col is 125; need "
                         "first_col + x.dim(-1) <= weight.dim(-1)",
                         Error);
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    gradcheck("matmul", {{2, 3}, {3, 4}}, matmul);
    gradcheck("matmul", {{1, 1}, {1, 1}}, matmul);
    gradcheck("matmul", {{5, 1}, {1, 2}}, matmul);
    gradcheck("matmul", {{2, 0}, {0, 3}}, matmul);
    gradcheck("matmul", {{3, 3}}, [](Tensor x) { return matmul(x, x); });
    gradcheck("batched_matmul", {{2, 3, 4}, {2, 4, 2}}, batched_matmul);
    gradcheck("batched_matmul", {{1, 1, 1}, {1, 1, 1}}, batched_matmul);
    gradcheck("batched_matmul", {{3, 1, 2}, {3, 2, 1}}, batched_matmul);
    const auto linear_with_bias = [](Tensor x, Tensor w, Tensor b) { return linear(x, w, b); };
    const auto linear_without = [](Tensor x, Tensor w) { return linear(x, w); };
    gradcheck("linear", {{4, 3}, {2, 3}, {2}}, linear_with_bias);
    gradcheck("linear", {{2, 3, 1}, {2, 1}, {2}}, linear_with_bias);
    gradcheck("linear", {{0, 3}, {2, 3}, {2}}, linear_with_bias);
    gradcheck("linear", {{3}, {2, 3}}, linear_without);
    gradcheck("linear", {{1, 1}, {1, 1}}, linear_without);
    gradcheck("linear_sum", {{3, 2}, {3, 4}, {2, 5}}, [](Tensor base, Tensor x, Tensor w) {
      return linear_sum(base, {{x, w, 1}, {x, w}});
    });
    gradcheck("linear_sum", {{2}, {1, 1}, {2, 2}}, [](Tensor base, Tensor x, Tensor w) {
      return linear_sum(base, {{x, w, 1}});
    });
    gradcheck("linear_sum_tanh", {{2}, {3, 1}, {3, 2}, {2, 3}}, [](Tensor base, Tensor x, Tensor z, Tensor w) {
      const LinearTerm terms[] = {{x, w}, {z, w, 1}};
      return linear_sum_tanh(base, terms);
    });
    gradcheck("linear_sum", {{2, 2}}, [](Tensor base) { return linear_sum(base, {}); });

    Weight w("w", {3, 3}), b("b", {3}), v("v", {3, 5});
    gradcheck("matmul", {{2, 3}}, [&](Tensor x) { return matmul(matmul(x, w), w); }, {&w});
    gradcheck("matmul", {{3, 2}}, [&](Tensor x) { return matmul(w, x); }, {&w});
    Weight batch("batch", {2, 3, 2});
    gradcheck("batched_matmul", {{2, 2, 3}}, [&](Tensor x) { return batched_matmul(x, batch); }, {&batch});
    gradcheck("linear", {{2, 3}}, [&](Tensor x) { return linear(linear(x, w, b), w, b); }, {&w, &b});
    gradcheck("linear", {}, [&] { return linear(w, w, b); }, {&w, &b});
    gradcheck("linear_sum", {{2, 2}, {2, 3}},
              [&](Tensor x, Tensor z) {
                return linear_sum(b, {{x, v}, {z, v, 2}, {z, w}, {x, v, 3}});
              },
              {&w, &b, &v});
  }
}
