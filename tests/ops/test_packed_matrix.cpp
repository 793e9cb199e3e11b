#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "autograd/inspect/check.h"
#include "autograd/mark.h"
#include "autograd/scratch.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/gemm/packed_matrix.h"
#include "ops/gemm/packed_weights.h"
#include "ops/gemm/split_product.h"
#include "ops/gemm/thread_pool.h"
#include "ops/gemm/weight_product.h"
#include "ops/reduce.h"
#include "ops/sequence/embedding.h"
#include "tests/reference/twins.h"

using namespace gradus;

TEST_CASE("a packed matrix gives the products that gemm gives") {
  constexpr int kGap = 3;  // between the rows
  for (const auto& sizes : {std::array{1, 1}, {7, 5}, {64, 32}, {20, 64}, {33, 47}, {5, 200}}) {
    const int k = sizes[0], n = sizes[1];
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

TEST_CASE("the parts of a packed product are the whole, to the bit") {
  for (const auto& [k, n] : {std::array{7, 5}, {20, 64}, {33, 47}, {64, 300}}) {
    const std::vector<Real> b = some_numbers(k * n, 1), a = some_numbers(2 * k, 2);
    Scratch scratch;
    const PackedMatrix packed(N, k, n, b.data(), n, scratch);
    std::vector<Real> whole(2 * n);
    packed.add_product(2, a.data(), k, whole.data(), n);
    for (int parts = 1; parts < 8; ++parts) {  // at times more parts than there are panels
      std::vector<Real> together(2 * n);
      for (int part = 0; part < parts; ++part) packed.add_part(part, parts, 2, a.data(), k, together.data(), n);
      CHECK(together == whole);
      // Of which every row begins with a given one, whatever was there before.
      const std::vector<Real> row = some_numbers(n, 3);
      std::vector<Real> expected(2 * n), actual(2 * n, 100);
      for (int i = 0; i < 2 * n; ++i) expected[i] = row[i % n];
      packed.add_product(2, a.data(), k, expected.data(), n);
      for (int part = 0; part < parts; ++part) {
        packed.add_part(part, parts, 2, a.data(), k, actual.data(), n, row.data());
      }
      CHECK(actual == expected);
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

TEST_CASE("held weights are packed once for all tapes, and give what others give") {
  Leaf weight("weight", {70, 50});
  std::ranges::copy(some_numbers(weight.size(), 1), weight.value().begin());
  const auto product = [&](int rows) {
    const Tape tape(Tape::Inference);
    const ConstArray y = linear(constant({rows, 50}, some_numbers(rows * 50, 2)), weight).value();
    return std::vector<Real>(y.begin(), y.end());
  };
  const int few = 3, many = PackedWeights::kMaxRows + 1;
  const std::vector<Real> expected_few = product(few), expected_many = product(many);

  Arena memory;
  {
    PackedWeights packed(memory);
    packed.hold(weight);
    CHECK(memory.mark().offset < weight.size() * sizeof(Real));  // nothing is packed before it is used
    check_numbers_close("many rows", product(many), expected_many);
    CHECK(memory.mark().offset < weight.size() * sizeof(Real));
    const std::vector<Real> first = product(few);
    check_numbers_close("few rows", first, expected_few);
    const std::size_t used = memory.mark().offset;
    CHECK(used >= weight.size() * sizeof(Real));
    CHECK(product(few) == first);

    Arena inner_memory;
    {
      PackedWeights inner(inner_memory);
      inner.hold(weight);  // stays with the outer one
      CHECK(product(few) == first);
    }
    CHECK(inner_memory.mark().offset == 0);
    std::vector<std::vector<Real>> results(8);
    ThreadPool(4).run(8, [&](int i) { results[i] = product(few); });
    for (const std::vector<Real>& result : results) CHECK(result == first);
    CHECK(memory.mark().offset == used);
  }
  CHECK(memory.mark().offset == 0);

  for (Real& number : weight.value()) number *= 2;  // the packed form is gone
  std::vector<Real> doubled = expected_few;
  for (Real& number : doubled) number *= 2;
  check_numbers_close("after the end", product(few), doubled);
}

TEST_CASE("products of looked-up rows with held weights are kept, and give what others give") {
  const Checking nothing(kCheckNothing);  // NaN in what nobody reads
  constexpr int V = 20, k = 6, n = 70, other = 2;
  Leaf table("table", {V, k}), weight("weight", {n, other + k}), bias("bias", {n});
  std::uint64_t seed = 0;
  for (Leaf* leaf : {&table, &weight, &bias}) {
    std::ranges::copy(some_numbers(leaf->size(), ++seed), leaf->value().begin());
  }
  const auto sum_for = [&](const std::vector<int>& ids, bool with_row) {
    const Tape tape(Tape::Inference);
    const int count = static_cast<int>(ids.size());
    const Tensor base = with_row ? bias : constant({count, n}, some_numbers(ids.size() * n, 4));
    const ConstArray y = linear_sum(base, {{embedding(table, ids), weight, other}}).value();
    return std::vector<Real>(y.begin(), y.end());
  };
  const std::vector<int> ids{3, 0, 3, 19}, more{19, 7, 0, 7, 7};
  const std::vector<Real> expected = sum_for(ids, true), expected_more = sum_for(more, false);

  Arena memory;
  PackedWeights packed(memory, PackedWeights::kAnyRows);
  packed.hold(std::vector<Leaf*>{&table, &weight});
  const std::vector<Real> first = sum_for(ids, true);
  check_numbers_close("with a row", first, expected);
  const std::size_t used = memory.mark().offset;
  CHECK(sum_for(ids, true) == first);
  CHECK(memory.mark().offset == used);
  std::ranges::fill(weight.value(), std::numeric_limits<Real>::quiet_NaN());  // nobody reads it again
  std::ranges::fill(std::span(table.value().data, k), std::numeric_limits<Real>::quiet_NaN());
  CHECK(sum_for(ids, true) == first);

  std::vector<std::vector<Real>> results(8);  // row 7 is new to all threads
  ThreadPool(4).run(8, [&](int i) { results[i] = sum_for(more, false); });
  for (const std::vector<Real>& result : results) {
    check_numbers_close("added to what was there", result, expected_more);
    CHECK(result == results[0]);
  }
}

TEST_CASE("products of looked-up rows that come too late to be kept have the same bits") {
  constexpr int V = 2200, k = 3, n = 4096;  // 9 million numbers
  Leaf table("table", {V, k}), weight("weight", {n, k});
  std::ranges::copy(some_numbers(table.size(), 1), table.value().begin());
  std::ranges::copy(some_numbers(weight.size(), 2), weight.value().begin());
  Arena memory;
  PackedWeights packed(memory, PackedWeights::kAnyRows);
  packed.hold(std::vector<Leaf*>{&table, &weight});
  const auto sums_for = [&](int id) {
    const Tape tape(Tape::Inference);
    const ConstArray y = linear(embedding(table, std::span(&id, 1)), weight).value();
    return std::vector<Real>(y.begin(), y.end());
  };
  const std::vector<Real> kept = sums_for(0);
  for (int id = 0; id < V; ++id) sums_for(id);
  CHECK(sums_for(0) == kept);
  std::ranges::copy_n(table.value().begin(), k, table.value().end() - k);  // it is not kept: it is the first now
  CHECK(sums_for(V - 1) == kept);
}

TEST_CASE("products split over threads have the same bits") {
  Leaf weight("weight", {333, 256});
  std::ranges::copy(some_numbers(weight.size(), 1), weight.value().begin());
  Arena memory;
  PackedWeights packed(memory);
  packed.hold(weight);
  const auto steps = [&] {
    Tape tape;
    Tensor x = variable({5, 256}, some_numbers(5 * 256, 2)), y = linear(x, weight);
    tape.backward(sum(square(y)));
    std::vector<Real> numbers(y.value().begin(), y.value().end());
    numbers.insert(numbers.end(), x.grad().begin(), x.grad().end());
    return numbers;
  };
  const std::vector<Real> expected = steps();
  for (int threads = 1; threads < 5; ++threads) {
    ThreadPool pool(threads);
    const SplitProducts split(pool);
    for (int round = 0; round < 20; ++round) REQUIRE(steps() == expected);
  }
  CHECK(steps() == expected);
}

TEST_CASE("a rewound tape forgets the packed copies that lie behind the mark") {
  Leaf weight("weight", {6, 5});
  std::ranges::copy(some_numbers(30, 1), weight.value().begin());
  Tape tape(Tape::Inference);
  const Tensor x = constant({4, 5}, some_numbers(20, 2));
  const Tensor first = linear(x, weight);
  const Mark mark(tape);
  for (int round = 0; round < 3; ++round) {
    for (int step = 0; step < 3; ++step) check_numbers_close("y", linear(x, weight).value(), first.value());
    mark.rewind();
    full({1000}, 7);  // takes the memory of the copy
  }
}
