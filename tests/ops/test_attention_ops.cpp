#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "ops/fused/attention.h"
#include "ops/layout.h"
#include "tests/reference/twins.h"

using namespace gradus;

namespace {

using Lengths = std::vector<int>;

struct PackedCase {
  int N, S, D;  // queries, padded length, size
  Lengths lengths;
};
const std::vector<PackedCase> kPackedCases = {
    {1, 1, 1, {1}}, {2, 4, 3, {4, 4}}, {3, 5, 2, {1, 5, 3}}, {2, 3, 40, {2, 3, 1, 3}}, {2, 3, 2, {0, 2}},
};

struct Op {
  const char* name;
  std::vector<Shape> (*inputs)(const PackedCase&);
  Tensor (*fused)(std::span<const Tensor>, const Lengths&);
  Tensor (*twin)(std::span<const Tensor>, const Lengths&);
};
using Inputs = std::span<const Tensor>;

SequenceRows padded(const Lengths& lengths, Tensor states) { return padded_rows(lengths, states.dim(1)); }

int batch(const PackedCase& c) { return static_cast<int>(c.lengths.size()); }

const std::vector<Op> kOps = {
    {"additive_scores",
     [](const PackedCase& c) {
       return std::vector<Shape>{{c.N, c.D}, {batch(c), c.S, c.D}, {c.D}};
     },
     [](Inputs x, const Lengths& lengths) { return additive_scores(x[0], x[1], x[2], padded(lengths, x[1])); },
     [](Inputs x, const Lengths& lengths) {
       return unfused::additive_scores(x[0], x[1], x[2], padded(lengths, x[1]));
     }},
    {"dot_scores",
     [](const PackedCase& c) {
       return std::vector<Shape>{{c.N, c.D}, {batch(c), c.S, c.D}};
     },
     [](Inputs x, const Lengths& lengths) { return dot_scores(x[0], x[1], padded(lengths, x[1]), Real(0.7)); },
     [](Inputs x, const Lengths& lengths) {
       return unfused::dot_scores(x[0], x[1], padded(lengths, x[1]), Real(0.7));
     }},
    {"weighted_sum",
     [](const PackedCase& c) {
       return std::vector<Shape>{{c.N, c.S}, {batch(c), c.S, c.D}};
     },
     [](Inputs x, const Lengths& lengths) { return weighted_sum(x[0], x[1], padded(lengths, x[1])); },
     [](Inputs x, const Lengths& lengths) { return unfused::weighted_sum(x[0], x[1], padded(lengths, x[1])); }},
};

/// An op on two or three tensors, in the form that gradcheck and check_twins take.
CheckedFunction checked(Tensor (*op)(Inputs, const Lengths&), const PackedCase& c, std::size_t inputs) {
  if (inputs == 2) return [op, &c](Tensor a, Tensor b) { return op(std::array{a, b}, c.lengths); };
  return [op, &c](Tensor a, Tensor b, Tensor v) { return op(std::array{a, b, v}, c.lengths); };
}

}

TEST_CASE("attention ops agree with their twins and pass gradcheck") {
  for (const Op& op : kOps) {
    for (const PackedCase& c : kPackedCases) {
      CAPTURE(std::string(op.name));
      CAPTURE(c.S);
      const std::vector<Shape> shapes = op.inputs(c);
      check_twins(shapes, checked(op.fused, c, shapes.size()), checked(op.twin, c, shapes.size()));
      gradcheck(op.name, {shapes.begin(), shapes.end()}, checked(op.fused, c, shapes.size()));
    }
  }
}

TEST_CASE("attention ops leave padding alone, whatever it holds") {
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const PackedCase c{3, 4, 5, {4, 1, 2, 3}};
  for (const Op& op : kOps) {
    CAPTURE(std::string(op.name));
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

TEST_CASE("attention ops read packed sentences as they read padded ones, in any order and more than once") {
  const std::vector<int> lengths = {3, 2, 2}, order = {1, 2, 0}, chosen = {2, 0, 2, 1};
  constexpr int S = 3, A = 4;
  const std::vector<Shape> shapes = {{4, A}, {7, A}, {A}, {4, S}};
  const auto on_packed = [&](Tensor query, Tensor states, Tensor v, Tensor weights) {
    const SequenceRows sentences = packed_rows(Packing(lengths), order).select(chosen);
    return std::vector{additive_scores(query, states, v, sentences), dot_scores(query, states, sentences),
                       weighted_sum(weights, states, sentences)};
  };
  const auto on_padded = [&](Tensor query, Tensor states, Tensor v, Tensor weights) {
    std::vector<int> own_lengths;
    std::vector<Tensor> own;  // a copy of the sentence for each query
    const Tensor sequences = unpack(states, Packing(lengths), order);
    for (const int sentence : chosen) {
      own.push_back(slice(sequences, 0, sentence, sentence + 1));
      own_lengths.push_back(lengths[order[sentence]]);
    }
    const Tensor copies = concat(own, 0);
    return std::vector{unfused::additive_scores(query, copies, v, padded(own_lengths, copies)),
                       unfused::dot_scores(query, copies, padded(own_lengths, copies)),
                       unfused::weighted_sum(weights, copies, padded(own_lengths, copies))};
  };
  check_twins(shapes, on_packed, on_padded, 3);
}

TEST_CASE("attention ops name what does not fit") {
  Tape tape;
  const Tensor query = full({3, 4}, 0), keys = full({2, 5, 4}, 0), v = full({3}, 0);
  const Tensor two = full({2, 4}, 0);
  const SequenceRows sentences = padded_rows(Lengths{1, 5}, 5);
  CHECK_THROWS_WITH_AS(dot_scores(query, keys, sentences),
                       "dot_scores: query is (3, 4), keys is (2, 5, 4), there are 2 sentences; need (N, .) with N <= 2 "
                       "and (…, .)",
                       Error);
  CHECK_THROWS_WITH_AS(dot_scores(two, full({9, 4}, 0), sentences),
                       "dot_scores: sentence 1 ends with row 9, but keys is (9, 4): only 9 rows", Error);
  CHECK_THROWS_WITH_AS(padded_rows(Lengths{1, 6}, 5), "sentences: lengths[1] is 6; need 0 <= length <= 5, the steps",
                       Error);
  CHECK_THROWS_WITH_AS(packed_rows(Packing(Lengths{2, 1}), Lengths{0, 2}),
                       "sentences: no such sequence: order[1] is 2; need 0 <= order < 2", Error);
  CHECK_THROWS_WITH_AS(packed_rows(Packing(Lengths{2, 1}), Lengths{0}),
                       "sentences: order does not fit: 1 numbers for 2 sequences; need one for each, or none", Error);
  CHECK_THROWS_WITH_AS(
      additive_scores(two, keys, v, sentences),
      "additive_scores: sizes differ: query is (2, 4), keys is (2, 5, 4), v is (3); need (N, A), (…, A) and (A)",
      Error);
  CHECK_THROWS_WITH_AS(weighted_sum(two, keys, sentences),
                       "weighted_sum: lengths differ: weights is (2, 4), the sentences have 5 positions; need weights "
                       "(N, 5)",
                       Error);
}
