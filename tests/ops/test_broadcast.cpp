#include <doctest/doctest.h>

#include <vector>

#include "ops/broadcast.h"

using namespace gradus;

TEST_SUITE("broadcast") {
  TEST_CASE("broadcasting aligns last axes and stretches ones") {
    struct Case {
      Shape a, b, result;
    };
    const std::vector<Case> cases{
        {{2, 3}, {2, 3}, {2, 3}}, {{2, 3}, {3}, {2, 3}},          {{2, 3}, {}, {2, 3}},
        {{2, 1}, {1, 3}, {2, 3}}, {{4, 1, 3}, {2, 1}, {4, 2, 3}}, {{1}, {0}, {0}},
    };
    for (const Case& c : cases) {
      CHECK(broadcast("add", c.a, c.b) == c.result);
      CHECK(broadcast("add", c.b, c.a) == c.result);
    }
  }

  TEST_CASE("shapes that do not broadcast are named in the caller's order") {
    CHECK_THROWS_WITH_AS(broadcast("add", {3}, {2, 4}),
                         "add: shapes do not broadcast: a is (3), b is (2, 4); need equal lengths or 1 on axis -1",
                         Error);
    CHECK_THROWS_WITH_AS(
        broadcast("mul", {2, 3, 4}, {5, 4}),
        "mul: shapes do not broadcast: a is (2, 3, 4), b is (5, 4); need equal lengths or 1 on axis -2", Error);
  }
}
