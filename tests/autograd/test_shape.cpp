#include <doctest/doctest.h>

#include <ranges>
#include <vector>

#include "autograd/list.h"
#include "autograd/shape.h"

using namespace gradus;

TEST_SUITE("shape") {
  TEST_CASE("size, rank and axes from both ends") {
    const Shape shape{2, 3, 5};
    CHECK(shape.rank() == 3);
    CHECK(shape.size() == 30);
    CHECK(shape[0] == 2);
    CHECK(shape[-1] == 5);
    CHECK(shape.index(-3) == 0);
    CHECK(Shape{}.size() == 1);
    CHECK(Shape{4, 0}.size() == 0);
    CHECK(Shape{100000, 100000}.size() == 10000000000u);
  }

  TEST_CASE("as a list it has its axes, no more and no fewer") {
    for (const Shape& shape : {Shape{}, Shape{7}, Shape{2, 3, 5}, Shape{0, 9}, Shape{4, 4, 4, 4}}) {
      const std::span<const int> span = shape;
      const List<int> list = shape;
      CHECK(span.size() == static_cast<std::size_t>(shape.rank()));
      CHECK(list.size() == span.size());
      CHECK(Shape(span) == shape);
      CHECK(std::ranges::distance(shape) == shape.rank());
      CHECK(to_string(shape) == to_string(span));
    }
  }

  TEST_CASE("with and without leave the original alone") {
    const Shape shape{2, 3, 5};
    CHECK(shape.with(-1, 7) == Shape{2, 3, 7});
    CHECK(shape.without(0) == Shape{3, 5});
    CHECK(shape.without(-1) == Shape{2, 3});
    CHECK(shape == Shape{2, 3, 5});
  }

  TEST_CASE("equality looks at rank and lengths") {
    CHECK(Shape{2, 3} != Shape{3, 2});
    CHECK(Shape{2} != Shape{2, 1});
    CHECK(Shape{} != Shape{0});
    CHECK(Shape{2, 3, 5}.without(-1) == Shape{2, 3});
  }

  TEST_CASE("text") {
    CHECK(to_string(Shape{}) == "()");
    CHECK(to_string(Shape{7}) == "(7)");
    CHECK(to_string(Shape{2, 3}) == "(2, 3)");
    CHECK(to_string(std::vector{2, -1, 3, 4, 5}) == "(2, -1, 3, 4, 5)");
    CHECK(fmt::format("{}", Shape{32, 512}) == "(32, 512)");
  }

  TEST_CASE("mistakes are named") {
    CHECK_THROWS_WITH_AS((Shape{1, 2, 3, 4, 5, 6, 7}), "shape: 7 dimensions; at most 6 are supported", Error);
    CHECK_THROWS_WITH_AS((Shape{2, -1}), "shape: negative dimension -1 in (2, -1)", Error);
    const Shape shape{2, 3};
    CHECK_THROWS_WITH_AS(static_cast<void>(shape[2]), "shape: no axis 2 in (2, 3)", Error);
    CHECK_THROWS_WITH_AS(static_cast<void>(shape.without(-3)), "shape: no axis -3 in (2, 3)", Error);
    CHECK_THROWS_WITH_AS(static_cast<void>(shape.with(0, -2)), "shape: negative dimension -2 in (-2, 3)", Error);
  }
}
