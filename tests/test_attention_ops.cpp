#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "ops/attention.h"
#include "tests/reference/reference_attention.h"
#include "tests/reference/twins.h"

using namespace gradus;

namespace {

using Lengths = std::vector<int>;

struct Case {
  int N, S, D;  // queries, padded length, size
  Lengths lengths;
};
const std::vector<Case> kCases = {
    {1, 1, 1, {1}}, {2, 4, 3, {4, 4}}, {3, 5, 2, {1, 5, 3}}, {2, 3, 40, {2, 3, 1, 3}}, {2, 3, 2, {0, 2}},
};

struct Op {
  const char* name;
  std::vector<Shape> (*inputs)(const Case&);
  Tensor (*fused)(std::span<const Tensor>, const Lengths&);
  Tensor (*twin)(std::span<const Tensor>, const Lengths&);
};
using Inputs = std::span<const Tensor>;

int batch(const Case& c) { return static_cast<int>(c.lengths.size()); }

const std::vector<Op> kOps = {
    {"additive_scores",
     [](const Case& c) {
       return std::vector<Shape>{{c.N, c.D}, {batch(c), c.S, c.D}, {c.D}};
     },
     [](Inputs x, const Lengths& lengths) { return additive_scores(x[0], x[1], x[2], lengths); },
     [](Inputs x, const Lengths& lengths) { return reference::additive_scores(x[0], x[1], x[2], lengths); }},
    {"dot_scores",
     [](const Case& c) {
       return std::vector<Shape>{{c.N, c.D}, {batch(c), c.S, c.D}};
     },
     [](Inputs x, const Lengths& lengths) { return dot_scores(x[0], x[1], lengths, Real(0.7)); },
     [](Inputs x, const Lengths& lengths) { return reference::dot_scores(x[0], x[1], lengths, Real(0.7)); }},
    {"weighted_sum",
     [](const Case& c) {
       return std::vector<Shape>{{c.N, c.S}, {batch(c), c.S, c.D}};
     },
     [](Inputs x, const Lengths& lengths) { return weighted_sum(x[0], x[1], lengths); },
     [](Inputs x, const Lengths& lengths) { return reference::weighted_sum(x[0], x[1], lengths); }},
};

/// An op on two or three tensors, in the form that gradcheck and check_twins take.
CheckedFunction checked(Tensor (*op)(Inputs, const Lengths&), const Case& c, std::size_t inputs) {
  if (inputs == 2) return [op, &c](Tensor a, Tensor b) { return op(std::array{a, b}, c.lengths); };
  return [op, &c](Tensor a, Tensor b, Tensor v) { return op(std::array{a, b, v}, c.lengths); };
}

}

TEST_CASE("attention ops agree with their twins and pass gradcheck") {
  for (const Op& op : kOps) {
    for (const Case& c : kCases) {
      CAPTURE(op.name);
      CAPTURE(c.S);
      const std::vector<Shape> shapes = op.inputs(c);
      check_twins(shapes, checked(op.fused, c, shapes.size()), checked(op.twin, c, shapes.size()));
      gradcheck(op.name, {shapes.begin(), shapes.end()}, checked(op.fused, c, shapes.size()));
    }
  }
}

TEST_CASE("attention ops leave padding alone, whatever it holds") {
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const Case c{3, 4, 5, {4, 1, 2, 3}};
  for (const Op& op : kOps) {
    CAPTURE(op.name);
    std::vector<std::vector<Real>> gradients[2];
    std::vector<Real> values[2];
    for (bool poisoned : {false, true}) {
      Tape tape;
      std::vector<Tensor> x;
      for (const Shape& shape : op.inputs(c)) x.push_back(variable(shape, some_numbers(shape.size(), x.size())));
      const auto poison = [&](Array numbers, int b, int j) {
        const std::size_t size = numbers.shape.rank() == 3 ? c.D : 1, begin = (b * c.S + j) * size;
        if (begin < numbers.size()) std::fill_n(numbers.data + begin, size, nan);
      };
      for (int b = 0; poisoned && b < batch(c); ++b) {
        for (int j = b < c.N ? c.lengths[b] : 0; j < c.S; ++j) {
          poison(x[1].value(), b, j);
          if (x[0].shape() == Shape{c.N, c.S}) poison(x[0].value(), b, j);
        }
      }
      const Tensor y = op.fused(x, c.lengths);
      values[poisoned].assign(y.value().begin(), y.value().end());
      std::vector<Real> cotangent = some_numbers(y.size(), 9);
      if (poisoned && y.shape() == Shape{c.N, c.S}) {  // the gradients of scores that are not there
        for (int b = 0; b < c.N; ++b) std::fill_n(cotangent.begin() + b * c.S + c.lengths[b], c.S - c.lengths[b], nan);
      }
      tape.backward(y, cotangent);
      for (const Tensor& input : x) gradients[poisoned].emplace_back(input.grad().begin(), input.grad().end());
    }
    CHECK(values[0] == values[1]);
    CHECK(gradients[0] == gradients[1]);
    for (Real value : values[1]) CHECK(std::isfinite(value));
  }
}

TEST_CASE("attention ops name the shapes that do not fit") {
  Tape tape;
  const Tensor query = full({3, 4}, 0), keys = full({2, 5, 4}, 0), v = full({3}, 0);
  const Tensor two = full({2, 4}, 0);
  CHECK_THROWS_WITH_AS(dot_scores(query, keys, Lengths{1, 1}),
                       "dot_scores: query is (3, 4), keys is (2, 5, 4); need (N, .) and (B, S, .) with N <= B", Error);
  CHECK_THROWS_WITH_AS(dot_scores(two, keys, Lengths{1}),
                       "dot_scores: 1 lengths for keys of shape (2, 5, 4); need one a sentence", Error);
  CHECK_THROWS_WITH_AS(dot_scores(two, keys, Lengths{1, 6}),
                       "dot_scores: lengths[1] is 6; need 0 <= length <= 5, as keys is (2, 5, 4)", Error);
  CHECK_THROWS_WITH_AS(additive_scores(two, keys, v, Lengths{1, 2}),
                       "additive_scores: sizes differ: query is (2, 4), keys is (2, 5, 4), v is (3); need (N, A), (B, "
                       "S, A) and (A)",
                       Error);
  CHECK_THROWS_WITH_AS(
      weighted_sum(two, keys, Lengths{1, 2}),
      "weighted_sum: lengths differ: weights is (2, 4), values is (2, 5, 4); need weights.dim(1) == values.dim(1)",
      Error);
}
