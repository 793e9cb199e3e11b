#include <doctest/doctest.h>

#include "autograd/gather.h"
#include "autograd/gradcheck.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/reduce.h"
#include "ops/sequence/embedding.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

/// A table whose row r holds r, r + 0.1, r + 0.2, ...
struct Table : Leaf {
  Table(int rows, int cols) : Leaf("table", {rows, cols}) {
    for (int i = 0; i < rows * cols; ++i) value()[i] = static_cast<Real>(i / cols + 0.1 * (i % cols));
  }
};

}

TEST_SUITE("embedding") {
  TEST_CASE("rows are looked up, and their gradients summed") {
    Tape tape;
    Tensor table = variable({3, 2}, {0, 1, 10, 11, 20, 21});
    Tensor y = embedding(table, std::vector<int>{2, 0, 2});
    CHECK(y.shape() == Shape{3, 2});
    check_numbers(y, {20, 21, 0, 1, 20, 21});
    tape.backward(y, std::vector<Real>{1, 2, 3, 4, 5, 6});
    check_numbers(table.grad(), {3, 4, 0, 0, 6, 8});
    CHECK(embedding(table, {}).shape() == Shape{0, 2});
  }

  TEST_CASE("a parameter's rows may be gathered in any pieces, from several uses and tapes") {
    Table table(4, 2);
    Tape first;
    sweep(first, sum(embedding(table, std::vector<int>{1, 1, 3})) + 2 * sum(embedding(table, std::vector<int>{0, 1})));
    Tape second;
    sweep(second, 4 * sum(embedding(table, std::vector<int>{3})));
    const Tape* const tapes[] = {&first, &second};
    for (const int step : {4, 3, 1}) {
      table.zero_grad();
      for (int row = 0; row < 4; row += step) gather(table, tapes, row, std::min(row + step, 4));
      check_numbers(table.grad(), {2, 2, 4, 4, 0, 0, 5, 5});
    }
  }

  TEST_CASE("one table may serve lookups and products at once") {
    Table table(3, 2);
    Tape tape;
    Tensor logits = linear(embedding(table, std::vector<int>{2}), table);
    tape.backward(sum(logits));  // Σ_r e₂ · e_r: the sum of the rows goes to row 2, and row 2 to every row
    check_numbers(table.grad(), {2, 2.1, 2, 2.1, 5, 5.4});
  }

  TEST_CASE("mistakes are named") {
    Tape tape;
    Tensor table = full({3, 2}, 0);
    CHECK_THROWS_WITH_AS(embedding(table, std::vector<int>{0, 3}),
                         "embedding: no such row: ids[1] is 3, weight is (3, 2); need 0 <= id < 3", Error);
    CHECK_THROWS_WITH_AS(embedding(table, std::vector<int>{-1}),
                         "embedding: no such row: ids[0] is -1, weight is (3, 2); need 0 <= id < 3", Error);
    CHECK_THROWS_WITH_AS(embedding(full({3}, 0), {}), "embedding: weight is no table: weight is (3); need (V, E)",
                         Error);
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    for (const auto& ids : {std::vector{0}, std::vector{1, 0, 1, 2}, std::vector{2, 2}, std::vector<int>{}}) {
      gradcheck("embedding", {{3, 2}}, [&](Tensor table) { return embedding(table, ids); });
      Table table(3, 4);
      gradcheck("embedding", {}, [&] { return square(embedding(table, ids)); }, {&table});
    }
    gradcheck("embedding", {{1, 1}}, [](Tensor table) { return embedding(table, std::vector{0, 0}); });
  }
}
