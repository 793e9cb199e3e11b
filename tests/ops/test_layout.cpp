#include <doctest/doctest.h>

#include <numeric>

#include "autograd/gradcheck.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/sequence/packing.h"
#include "tests/support/numbers.h"
#include "tests/support/property.h"

using namespace gradus;

namespace {

/// 0, 1, 2, ... in row-major order.
Tensor counted(const Shape& shape) {
  Tensor x = full(shape, 0);
  std::iota(x.value().begin(), x.value().end(), Real(0));
  return x;
}

}

TEST_SUITE("layout") {
  TEST_CASE("reshape") {
    Tape tape;
    Tensor x = counted({2, 6});
    CHECK(reshape(x, {3, 4}).shape() == Shape{3, 4});
    CHECK(reshape(x, {3, -1}).shape() == Shape{3, 4});
    CHECK(reshape(x, full({2, 6}, 0).shape()).shape() == Shape{2, 6});
    CHECK(reshape(x, {-1}).shape() == Shape{12});
    CHECK(reshape(full({}, 1), {1, 1}).shape() == Shape{1, 1});
    CHECK(reshape(full({1}, 1), {}).shape() == Shape{});
    CHECK(reshape(full({0, 3}, 1), {-1, 3}).shape() == Shape{0, 3});
    check_numbers(reshape(x, {4, 3}), numbers(x));
    CHECK_THROWS_WITH_AS(reshape(x, {5, 2}),
                         "reshape: sizes differ: x is (2, 6), wanted (5, 2); need the same size, with at most one -1",
                         Error);
    CHECK_THROWS_WITH_AS(reshape(x, {5, -1}),
                         "reshape: sizes differ: x is (2, 6), wanted (5, -1); need the same size, with at most one -1",
                         Error);
    CHECK_THROWS_WITH_AS(reshape(x, {-1, -1}),
                         "reshape: sizes differ: x is (2, 6), wanted (-1, -1); need the same size, with at most one -1",
                         Error);
    CHECK_THROWS_AS(reshape(x, {-3, -4}), Error);
    CHECK_THROWS_AS(reshape(full({0}, 0), {0, -1}), Error);
    CHECK_THROWS_WITH_AS(reshape(x, {1, 1, 1, 1, 1, 3, 4}), "reshape: too many axes: 7; at most 6", Error);
  }

  TEST_CASE("transpose") {
    Tape tape;
    Tensor x = counted({2, 3});
    CHECK(transpose(x).shape() == Shape{3, 2});
    check_numbers(transpose(x), {0, 3, 1, 4, 2, 5});
    Tensor y = counted({2, 2, 3});
    check_numbers(transpose(y, 0, 1), {0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11});
    check_numbers(transpose(y, -1, 0), {0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11});
    check_numbers(transpose(y, 1, 1), numbers(y));
    CHECK_THROWS_WITH_AS(transpose(x, 0, 2), "transpose: no axis 2 in (2, 3)", Error);
  }

  TEST_CASE("permute and flip") {
    Tape tape;
    Tensor x = counted({2, 1, 3});
    CHECK(permute(x, {2, 0, 1}).shape() == Shape{3, 2, 1});
    check_numbers(permute(x, {2, 0, 1}), {0, 3, 1, 4, 2, 5});
    check_numbers(permute(x, {-1, 0, 1}), {0, 3, 1, 4, 2, 5});
    check_numbers(permute(x, {0, 1, 2}), numbers(x));
    CHECK(permute(full({}, 1), {}).shape() == Shape{});
    CHECK(permute(full({0, 2}, 1), {1, 0}).shape() == Shape{2, 0});
    check_numbers(permute(counted({1, 2, 1, 2, 1, 2}), {5, 4, 3, 2, 1, 0}), {0, 4, 2, 6, 1, 5, 3, 7});
    CHECK_THROWS_WITH_AS(permute(x, {0, 1}),
                         "permute: bad order: (0, 1) for x, which is (2, 1, 3); need each of its axes once", Error);
    CHECK_THROWS_AS(permute(x, {0, 1, 1}), Error);
    CHECK_THROWS_WITH_AS(permute(x, {0, 1, 3}), "permute: no axis 3 in (2, 1, 3)", Error);

    check_numbers(flip(x, {0}), {3, 4, 5, 0, 1, 2});
    check_numbers(flip(x, {0, -1}), {5, 4, 3, 2, 1, 0});
    check_numbers(flip(x, {}), numbers(x));
    CHECK(flip(full({0, 2}, 1), {0, 1}).shape() == Shape{0, 2});
    CHECK_THROWS_WITH_AS(flip(x, {0, -3}),
                         "flip: an axis stands twice: axes are (0, -3), x is (2, 1, 3); need each once", Error);
    CHECK_THROWS_WITH_AS(flip(x, {3}), "flip: no axis 3 in (2, 1, 3)", Error);
  }

  TEST_CASE("axes of length 1 go and come") {
    Tape tape;
    Tensor x = counted({1, 2, 1});
    CHECK(squeeze(x).shape() == Shape{2});
    CHECK(squeeze(x, 0).shape() == Shape{2, 1});
    CHECK(squeeze(x, {-1, 0, 1}).shape() == Shape{2});
    CHECK(squeeze(full({}, 1)).shape() == Shape{});
    CHECK(squeeze(full({}, 1), {0}).shape() == Shape{});
    CHECK(unsqueeze(x, 1).shape() == Shape{1, 1, 2, 1});
    CHECK(unsqueeze(x, -1).shape() == Shape{1, 2, 1, 1});
    CHECK(unsqueeze(full({}, 1), 0).shape() == Shape{1});
    CHECK_THROWS_WITH_AS(squeeze(x, 3), "squeeze: no axis 3 in (1, 2, 1)", Error);
    CHECK_THROWS_WITH_AS(unsqueeze(x, 4), "unsqueeze: no axis 4 in a result of rank 4", Error);
    CHECK_THROWS_WITH_AS(unsqueeze(full({1, 1, 1, 1, 1, 1}, 0), 0),
                         "unsqueeze: too many axes: (1, 1, 1, 1, 1, 1); need at most 5", Error);
  }

  TEST_CASE("concat and stack") {
    Tape tape;
    Tensor a = counted({2, 2}), b = counted({2, 1}) + 10;
    check_numbers(concat({a, b, a}, 1), {0, 1, 10, 0, 1, 2, 3, 11, 2, 3});
    check_numbers(concat({a, a}, -2), {0, 1, 2, 3, 0, 1, 2, 3});
    CHECK(concat({a, full({0, 2}, 0)}, 0).shape() == Shape{2, 2});
    CHECK(stack({a, a + 4}).shape() == Shape{2, 2, 2});
    check_numbers(stack({a, a + 4}), {0, 1, 2, 3, 4, 5, 6, 7});
    check_numbers(stack({full({}, 1), full({}, 2)}), {1, 2});
    check_numbers(stack({a, a + 4}, 1), {0, 1, 4, 5, 2, 3, 6, 7});
    check_numbers(stack({a, a + 4}, -1), {0, 4, 1, 5, 2, 6, 3, 7});
    CHECK_THROWS_WITH_AS(stack({a, a}, 3), "stack: no axis 3 in a result of rank 3", Error);
    CHECK_THROWS_WITH_AS(concat({a, b}, 0),
                         "concat: shapes differ: (2, 2) and (2, 1); need equal lengths on all axes but 0", Error);
    CHECK_THROWS_WITH_AS(concat({}, 0), "concat: nothing to join; need at least one tensor", Error);
    CHECK_THROWS_WITH_AS(stack({a, b}), "stack: shapes differ: (2, 2) and (2, 1); need equal shapes", Error);
    CHECK_THROWS_WITH_AS(stack({}), "stack: nothing to join; need at least one tensor", Error);
    CHECK_THROWS_WITH_AS(stack({full({1, 1, 1, 1, 1, 1}, 0)}),
                         "stack: too many axes: (1, 1, 1, 1, 1, 1); need at most 5", Error);
  }

  TEST_CASE("slice and split") {
    Tape tape;
    Tensor x = counted({3, 4});
    check_numbers(slice(x, 0, 1, 3), {4, 5, 6, 7, 8, 9, 10, 11});
    check_numbers(slice(x, 1, 1, 3), {1, 2, 5, 6, 9, 10});
    check_numbers(slice(x, -1, -3, -1), {1, 2, 5, 6, 9, 10});
    CHECK(slice(x, 1, 2, 2).shape() == Shape{3, 0});
    CHECK_THROWS_WITH_AS(slice(x, 1, 2, 5),
                         "slice: bad range: [2, 5) on axis 1 of x, which is (3, 4); need 0 <= begin <= end <= 4",
                         Error);
    CHECK_THROWS_AS(slice(x, 1, 3, 2), Error);
    CHECK_THROWS_AS(slice(x, 1, -5, 2), Error);

    check_numbers(slice(x, 0, 1), {4, 5, 6, 7, 8, 9, 10, 11});
    check_numbers(slice(x, 1, -1), {3, 7, 11});
    check_numbers(slice(x, 1, 0, -3), {0, 4, 8});
    check_numbers(slice(x, 1, 0, kToEnd, 2), {0, 2, 4, 6, 8, 10});
    check_numbers(slice(x, 1, 1, kToEnd, 3), {1, 5, 9});
    check_numbers(slice(x, 0, 0, 3, 2), {0, 1, 2, 3, 8, 9, 10, 11});
    CHECK(slice(x, 1, 2, 2, 2).shape() == Shape{3, 0});
    CHECK_THROWS_WITH_AS(slice(x, 1, 0, 4, 0), "slice: bad step: 0; need 1 or more (flip turns an axis round)", Error);

    check_numbers(select(x, 0, 1), {4, 5, 6, 7});
    check_numbers(select(x, -1, -1), {3, 7, 11});
    CHECK(select(select(x, 0, 2), 0, 0).shape() == Shape{});
    CHECK_THROWS_WITH_AS(select(x, 0, 3),
                         "select: no position 3 on axis 0 of x, which is (3, 4); need -3 <= position < 3", Error);
    CHECK_THROWS_AS(select(x, 0, -4), Error);
    CHECK_THROWS_WITH_AS(select(full({}, 1), 0, 0), "select: no axis 0 in ()", Error);

    const std::span<const Tensor> parts = split(x, 1, std::vector<int>{1, 0, 3});
    REQUIRE(parts.size() == 3);
    check_numbers(parts[0], {0, 4, 8});
    CHECK(parts[1].shape() == Shape{3, 0});
    check_numbers(parts[2], {1, 2, 3, 5, 6, 7, 9, 10, 11});
    CHECK_THROWS_WITH_AS(split(x, 1, std::vector<int>{2, 1}),
                         "split: lengths do not fit: (2, 1) for axis 1 of x, which is (3, 4); need lengths of sum 4",
                         Error);
    CHECK_THROWS_AS(split(x, 1, std::vector<int>{5, -1}), Error);
  }

  TEST_CASE("what split takes apart, concat puts together") {
    CHECK(holds([] {
      Tape tape;
      const auto dims = *rc::gen::container<std::vector<int>>(*rc::gen::inRange(1, 5), rc::gen::inRange(0, 5));
      const int axis = *rc::gen::inRange<int>(0, dims.size());
      std::vector<int> lengths;
      for (int left = dims[axis]; left > 0; left -= lengths.back()) lengths.push_back(*rc::gen::inRange(1, left + 1));
      if (lengths.empty()) lengths = {0};
      Tensor x = counted(Shape(dims));
      Tensor y = concat(split(x, axis, lengths), axis);
      RC_ASSERT(y.shape() == x.shape());
      RC_ASSERT(numbers(y) == numbers(x));
    }));
  }

  TEST_CASE("gather") {
    Tape tape;
    Tensor x = counted({3, 2});
    check_numbers(gather_rows(x, std::vector<int>{2, -1, 0, 2}), {4, 5, 0, 0, 0, 1, 4, 5});
    CHECK(gather_rows(counted({3, 2, 2}), std::vector<int>{1}).shape() == Shape{1, 2, 2});
    check_numbers(gather_rows(counted({3}), std::vector<int>{1, 1}), {1, 1});
    CHECK(gather_rows(x, {}).shape() == Shape{0, 2});
    CHECK_THROWS_WITH_AS(gather_rows(x, std::vector<int>{0, 3}),
                         "gather_rows: no such row: index[1] is 3, x is (3, 2); need -1 <= index < 3", Error);
    CHECK_THROWS_WITH_AS(gather_rows(full({}, 0), {}), "gather_rows: x has no rows: x is (); need rank 1 or more",
                         Error);
  }

  TEST_CASE("take_along_axis takes what argmax, argsort and topk point at") {
    Tape tape;
    const Tensor x = counted({2, 3, 2});
    check_numbers(take_along_axis(x, std::vector<int>{0, 2, 1, 0}, 1), {0, 5, 8, 7});
    const Tensor twice = take_along_axis(x, std::vector<int>{0, 2, 1, 1, 2, 0, 2, 0}, 1);
    CHECK(twice.shape() == Shape{2, 2, 2});
    check_numbers(twice, {0, 5, 2, 3, 10, 7, 10, 7});
    check_numbers(take_along_axis(counted({3, 2}), std::vector<int>{1, 0, 1}), {1, 2, 5});
    CHECK(take_along_axis(counted({3, 2}), {}).shape() == Shape{3, 0});
    CHECK(take_along_axis(full({0, 2}, 0), {}, 1).shape() == Shape{0, 0});
    const Tensor unsorted = constant({2, 3}, {3, 1, 2, 4, 6, 5});
    check_numbers(take_along_axis(unsorted, argmax(unsorted)), {3, 6});
    CHECK_THROWS_WITH_AS(
        take_along_axis(counted({3, 2}), std::vector<int>{0, 1, 2}),
        "take_along_axis: no such position: index[2] is 2 on axis 1 of x, which is (3, 2); need 0 <= index < 2", Error);
    CHECK_THROWS_WITH_AS(
        take_along_axis(counted({3, 2}), std::vector<int>{0, 0, 0, 0}),
        "take_along_axis: 4 indices on axis 1 of x, which is (3, 2); need as many for each of its 3 lanes", Error);
    CHECK_THROWS_AS(take_along_axis(full({0, 2}, 0), std::vector<int>{0}), Error);
    CHECK_THROWS_AS(take_along_axis(full({}, 0), std::vector<int>{0}), Error);
  }

  TEST_CASE("packing lays out the longest sequence first, time by time") {
    Tape tape;
    const Packing packing(std::vector<int>{3, 2, 2});
    CHECK(packing.batch() == 3);
    CHECK(packing.steps() == 3);
    CHECK(packing.rows() == 7);
    CHECK(std::vector{packing.alive(0), packing.alive(1), packing.alive(2)} == std::vector{3, 3, 1});
    CHECK(std::vector{packing.offset(0), packing.offset(1), packing.offset(2)} == std::vector{0, 3, 6});
    CHECK(packing.row(1, 1) == 4);
    Tensor x = counted({3, 4, 1});  // sequence b holds 4 b + t; one step of padding more than there need be
    Tensor packed = pack(x, packing);
    check_numbers(packed, {0, 4, 8, 1, 5, 9, 2});
    check_numbers(unpack(packed, packing), {0, 1, 2, 4, 5, 0, 8, 9, 0});
    check_numbers(unpack(packed, packing, std::vector<int>{2, 0, 1}), {8, 9, 0, 0, 1, 2, 4, 5, 0});
    const Packing none(std::span<const int>{});
    CHECK(pack(full({0, 2, 3}, 0), none).shape() == Shape{0, 3});
    CHECK(unpack(full({0, 3}, 0), none).shape() == Shape{0, 0, 3});

    CHECK_THROWS_WITH_AS(Packing(std::vector<int>{2, 3}),
                         "packing: not sorted: lengths[0] is 2, lengths[1] is 3; need the longest sequence first",
                         Error);
    CHECK_THROWS_WITH_AS(Packing(std::vector<int>{2, 0}), "packing: bad length: lengths[1] is 0; need at least 1",
                         Error);
    CHECK_THROWS_WITH_AS(pack(full({3, 2, 1}, 0), packing),
                         "pack: sequences do not fit: x is (3, 2, 1), the packing has 3 sequences of up to 3 steps; "
                         "need x (3, 3 or more, D)",
                         Error);
    CHECK_THROWS_WITH_AS(unpack(full({6, 1}, 0), packing),
                         "unpack: rows do not fit: x is (6, 1), the packing has 7 rows; need x (7, D)", Error);
    CHECK_THROWS_WITH_AS(unpack(packed, packing, std::vector<int>{0, 1}),
                         "unpack: order does not fit: 2 numbers for 3 sequences; need one for each, or none", Error);
    CHECK_THROWS_WITH_AS(unpack(packed, packing, std::vector<int>{0, 1, 3}),
                         "unpack: no such sequence: order[2] is 3; need 0 <= order < 3", Error);
  }

  TEST_CASE("gradcheck" * doctest::skip(!kGradcheck)) {
    gradcheck("reshape", {{2, 3}}, [](Tensor x) { return reshape(x, {3, -1}); });
    gradcheck("reshape", {{1}}, [](Tensor x) { return reshape(x, {}); });
    gradcheck("reshape", {{2, 2, 2}}, [](Tensor x) { return x * reshape(reshape(x, {8}), {2, 2, 2}); });
    for (const Shape& shape : {Shape{2, 3}, Shape{1, 1}, Shape{2, 3, 4}, Shape{2, 1, 3, 2}}) {
      for (int axis = 0; axis < shape.rank(); ++axis) {
        gradcheck("transpose", {shape}, [=](Tensor x) { return transpose(x, axis, 0); });
        gradcheck("concat", {shape, shape}, [=](Tensor x, Tensor y) { return concat({x, y, x}, axis); });
        gradcheck("slice", {shape}, [=](Tensor x) { return slice(x, axis, 0, 1); });
        gradcheck("slice", {shape}, [=](Tensor x) { return slice(x, axis, x.dim(axis) / 2, x.dim(axis)); });
        gradcheck("split", {shape}, [=](Tensor x) {
          const auto parts = split(x, axis, std::vector<int>{1, x.dim(axis) - 1});
          return std::vector{parts[1] * 2, parts[0]};
        });
      }
    }
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{2, 3}}) {
      gradcheck("stack", {shape, shape}, [](Tensor x, Tensor y) { return stack({x, y, x}); });
    }
    gradcheck("gather_rows", {{3, 2}}, [](Tensor x) { return gather_rows(x, std::vector<int>{2, -1, 0, 2}); });
    gradcheck("gather_rows", {{1}}, [](Tensor x) { return gather_rows(x, std::vector<int>{0, 0}); });
    gradcheck("gather_rows", {{2, 2, 2}}, [](Tensor x) { return gather_rows(x, std::vector<int>{1}); });
    gradcheck("take_along_axis", {{3, 2}}, [](Tensor x) { return take_along_axis(x, std::vector<int>{1, 0, 1}); });
    gradcheck("take_along_axis", {{1, 1}}, [](Tensor x) { return take_along_axis(x, std::vector<int>{0, 0}); });
    gradcheck("take_along_axis", {{2, 3, 2}}, [](Tensor x) {
      return take_along_axis(x, std::vector<int>{0, 2, 1, 1, 2, 0, 2, 0}, 1);
    });
    for (const std::vector<int>& lengths : {std::vector{1}, std::vector{3, 2, 2}, std::vector{4, 4, 1}}) {
      const int B = static_cast<int>(lengths.size());
      gradcheck("pack", {{B, 4, 2}}, [&](Tensor x) { return pack(x, Packing(lengths)); });
      std::vector<int> order(B);
      std::iota(order.rbegin(), order.rend(), 0);
      gradcheck("unpack", {{std::accumulate(lengths.begin(), lengths.end(), 0), 2}},
                [&](Tensor x) { return unpack(x, Packing(lengths), order); });
    }
    gradcheck("permute", {{2, 3, 2}}, [](Tensor x) { return permute(x, {2, 0, 1}); });
    gradcheck("flip", {{2, 3, 2}}, [](Tensor x) { return flip(x, {0, 2}); });
    gradcheck("squeeze", {{2, 1, 3}}, [](Tensor x) { return squeeze(x) * unsqueeze(squeeze(x, 1), 0); });
    gradcheck("slice", {{2, 7}}, [](Tensor x) { return slice(x, 1, 1, kToEnd, 2); });
    gradcheck("select", {{2, 3, 2}}, [](Tensor x) { return select(x, 1, -1); });
    gradcheck("stack", {{2, 3}, {2, 3}}, [](Tensor a, Tensor b) { return stack({a, b, a}, 1); });
    Leaf leaf("leaf", {2, 2});
    for (std::size_t i = 0; i < leaf.size(); ++i) leaf.value()[i] = static_cast<Real>(i);
    gradcheck("layout", {},
              [&] {
                return std::vector{reshape(leaf, {4}),
                                   slice(leaf, 0, 1, 2),
                                   transpose(leaf),
                                   concat({leaf, leaf}, 1),
                                   stack({leaf, leaf}),
                                   gather_rows(leaf, std::vector<int>{1}),
                                   take_along_axis(leaf, std::vector<int>{1, 0})};
              },
              {&leaf});
  }
}
