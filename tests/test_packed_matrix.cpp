#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/packed_matrix.h"
#include "ops/reduce.h"
#include "tests/reference/twins.h"

using namespace gradus;

TEST_CASE("a packed matrix gives the products that gemm gives") {
  constexpr int kGap = 3;  // between the rows
  for (const auto& [k, n] : {std::array{1, 1}, {7, 5}, {64, 32}, {20, 64}, {33, 47}, {5, 200}}) {
    for (Transpose tb : {N, T}) {
      const int ldb = (tb == T ? k : n) + kGap;
      const std::vector<Real> b = some_numbers((tb == T ? n : k) * ldb, 1);
      Scratch scratch;
      const PackedMatrix packed(tb, k, n, b.data(), ldb, scratch);
      for (int m = 0; m < 30; ++m) {  // every size of a tile, and several tiles
        CAPTURE(k);
        CAPTURE(n);
        CAPTURE(m);
        const std::vector<Real> a = some_numbers(m * (k + kGap), 2);
        std::vector<Real> actual = some_numbers(m * (n + kGap), 3), expected = actual;
        packed.add_product(m, a.data(), k + kGap, actual.data(), n + kGap);
        gemm(N, tb, m, n, k, 1, a.data(), k + kGap, b.data(), ldb, 1, expected.data(), n + kGap);
        check_numbers_close("product", actual, expected);
      }
    }
  }
}

TEST_CASE("a packed matrix keeps NaN within its row") {
  constexpr int k = 4, n = 37, m = 3;
  const std::vector<Real> b = some_numbers(k * n, 1);
  std::vector<Real> a = some_numbers(m * k, 2), c(m * n);
  a[1 * k + 2] = std::numeric_limits<Real>::quiet_NaN();
  Scratch scratch;
  PackedMatrix(N, k, n, b.data(), n, scratch).add_product(m, a.data(), k, c.data(), n);
  for (int i = 0; i < m * n; ++i) CHECK(std::isnan(c[i]) == (i / n == 1));
}

TEST_CASE("a weight used at many steps gives the same as one used once") {
  // The first product of a parameter goes to BLAS, those after it to the packed copy; so do the backward's.
  Leaf weight("weight", {6, 5});
  std::ranges::copy(some_numbers(30, 1), weight.value().begin());
  const auto steps = [](Tensor x, Tensor w) {
    Tensor total = sum(linear(x, w));
    for (int k = 0; k < 3; ++k) {
      total = total + sum(square(linear(x, w) + linear_sum(full({6}, 1), {{x, w}, {tanh(x), w}})));
    }
    return total;
  };
  const std::vector<Real> numbers = some_numbers(20, 2);
  Tape tape;
  const Tensor x = variable({4, 5}, numbers), copied_x = variable({4, 5}, numbers);
  const Tensor copied_weight = variable({6, 5}, weight.value());  // no parameter, so never packed
  tape.backward(steps(x, weight) + steps(copied_x, copied_weight));
  check_numbers_close("dx", x.grad(), copied_x.grad());
  check_numbers_close("dW", weight.grad(), copied_weight.grad());
}

TEST_CASE("a rewound tape forgets the packed copies that lie behind the mark") {
  Leaf weight("weight", {6, 5});
  std::ranges::copy(some_numbers(30, 1), weight.value().begin());
  Tape tape(Tape::Inference);
  const Tensor x = constant({4, 5}, some_numbers(20, 2));
  const Tensor first = linear(x, weight);
  const Tape::Mark mark = tape.mark();
  for (int round = 0; round < 3; ++round) {
    for (int step = 0; step < 3; ++step) check_numbers_close("y", linear(x, weight).value(), first.value());
    tape.rewind(mark);
    full({1000}, 7);  // takes the memory of the copy
  }
}
