#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "autograd/inspect/check.h"
#include "ops/fused/scaled_dot_attention.h"
#include "ops/fused/unfused.h"
#include "tests/reference/twins.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

using Lengths = std::vector<int>;

/// Packed sentences that attend to others, in the order that `memory_order` ties them together, or to themselves.
struct ScaledDotCase {
  const char* name;
  Lengths queries, memory, memory_order;
  int size;
  ScaledDotOptions options;
};

const std::vector<ScaledDotCase> kScaledDotCases = {
    {"one number", {1}, {1}, {}, 1, {}},
    {"one head", {4, 2, 1}, {4, 2, 1}, {}, 3, {}},
    {"causal", {4, 2, 1}, {4, 2, 1}, {}, 3, {.causal = true}},
    {"two heads", {3, 3}, {5, 2}, {1, 0}, 4, {.heads = 2}},
    {"causal heads", {5, 3, 3}, {5, 3, 3}, {}, 6, {.heads = 3, .causal = true}},
    {"one query each", {1, 1, 1}, {6, 4, 1}, {2, 0, 1}, 4, {.heads = 2}},
    {"dropout", {3, 2}, {4, 4}, {}, 4, {.heads = 2, .dropout = Real(0.4)}},
    {"causal dropout", {4, 3}, {4, 3}, {}, 4, {.heads = 2, .causal = true, .dropout = Real(0.4)}},
};

template <class Op>
auto on_packed(const ScaledDotCase& c, Op op) {
  return [&c, op](Tensor query, Tensor keys, Tensor values) {
    return op(query, keys, values, packed_rows(Packing(c.queries)), packed_rows(Packing(c.memory), c.memory_order),
              c.options);
  };
}

}

TEST_CASE("scaled_dot_attention agrees with its twin and passes gradcheck") {
  for (const ScaledDotCase& c : kScaledDotCases) {
    CAPTURE(std::string(c.name));
    const Shape query{sum_of(c.queries), c.size}, memory{sum_of(c.memory), c.size};
    const CheckedFunction fused = on_packed(c, scaled_dot_attention);
    if (c.options.dropout == 0) {  // masks differ from tape to tape
      check_twins({query, memory, memory}, fused, on_packed(c, unfused::scaled_dot_attention));
    }
    gradcheck(c.name, {query, memory, memory}, fused);
  }
}

TEST_CASE("scaled_dot_attention drops the weights that its twin drops, from the same random numbers") {
  for (const ScaledDotCase& c : kScaledDotCases) {
    CAPTURE(std::string(c.name));
    std::vector<Real> computed[2];
    for (const bool is_twin : {false, true}) {
      Tape tape(Tape::Record, 5);
      std::vector<Tensor> x;
      for (const Lengths* lengths : {&c.queries, &c.memory, &c.memory}) {
        const Shape shape{sum_of(*lengths), c.size};
        x.push_back(variable(shape, some_numbers(shape.size(), static_cast<int>(x.size()))));
      }
      const Tensor y = is_twin ? on_packed(c, unfused::scaled_dot_attention)(x[0], x[1], x[2])
                               : on_packed(c, scaled_dot_attention)(x[0], x[1], x[2]);
      tape.backward(y, some_numbers(y.size(), 9));
      for (const ConstArray& numbers : {y.value(), x[0].grad(), x[1].grad(), x[2].grad()}) {
        computed[is_twin].insert(computed[is_twin].end(), numbers.begin(), numbers.end());
      }
    }
    check_numbers_close(c.name, computed[0], computed[1]);
  }
}

TEST_CASE("scaled_dot_attention may attend to what it asks with, and to the same sentence more than once") {
  const Lengths lengths = {3, 2}, chosen = {1, 0, 1};
  const auto shared = [&](Tensor x) {
    const SequenceRows sentences = packed_rows(Packing(lengths));
    return scaled_dot_attention(x, x, x, sentences, sentences, {.heads = 2, .causal = true});
  };
  gradcheck("shared", {{5, 4}}, shared);
  const auto repeated = [&](auto op) {
    return [&lengths, &chosen, op](Tensor query, Tensor memory) {
      return op(query, memory, memory, packed_rows(Packing(Lengths{2, 2, 1})),
                packed_rows(Packing(lengths)).select(chosen), ScaledDotOptions{.heads = 2});
    };
  };
  check_twins({{5, 4}, {5, 4}}, repeated(scaled_dot_attention), repeated(unfused::scaled_dot_attention));
}

TEST_CASE("scaled_dot_attention reads no padding and no future, whatever they hold") {
  const Checking nothing(kCheckNothing);  // NaN as padding
  constexpr int S = 4, H = 4, kTime = 2;
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const Lengths lengths = {4, 1, 3, 0};
  const int B = static_cast<int>(lengths.size());
  std::vector<Real> values[2];
  for (const bool poisoned : {false, true}) {
    Tape tape;
    std::vector<Tensor> x;
    for (int i = 0; i < 3; ++i) x.push_back(variable({B, S, H}, some_numbers(B * S * H, i)));
    std::vector<Real> cotangent = some_numbers(B * S * H, 9);
    for (int b = 0; b < B; ++b) {
      for (int j = 0; j < S; ++j) {
        const bool padding = j >= lengths[b], future = b == 0 && j >= kTime;
        const std::size_t row = (b * S + j) * H;
        if (poisoned && padding) std::fill_n(&cotangent[row], H, nan);
        if (future) std::fill_n(&cotangent[row], H, Real(0));  // what may know of the future is not asked for
        if (poisoned && (padding || future)) {
          for (Tensor input : {x[1], x[2]}) std::fill_n(&input.value()[row], H, nan);
        }
        if (poisoned && padding) std::fill_n(&x[0].value()[row], H, nan);
      }
    }
    const SequenceRows sentences = padded_rows(lengths, S);
    const Tensor y = scaled_dot_attention(x[0], x[1], x[2], sentences, sentences, {.heads = 2, .causal = true});
    tape.backward(y, cotangent);
    for (int b = 0; b < B; ++b) {
      for (int j = 0; j < S; ++j) {
        if (b == 0 && j >= kTime) continue;
        const std::size_t row = (b * S + j) * H;
        values[poisoned].insert(values[poisoned].end(), &y.value()[row], &y.value()[row] + H);
        values[poisoned].insert(values[poisoned].end(), &x[0].grad()[row], &x[0].grad()[row] + H);
        if (b == 0) continue;  // its future may reach the gradients of its past
        for (const Tensor& input : {x[1], x[2]}) {
          values[poisoned].insert(values[poisoned].end(), &input.grad()[row], &input.grad()[row] + H);
        }
      }
    }
  }
  for (const Real value : values[1]) REQUIRE(std::isfinite(value));
  CHECK(values[0] == values[1]);
}

TEST_CASE("scaled_dot_attention attends to what its masks allow, in any shape that broadcasts, and adds their bias") {
  const Lengths queries = {4, 2, 1}, memory = {4, 3, 2};
  const std::vector<Shape> shapes = {{3, 2, 4, 4}, {1, 1, 4, 4}, {4, 4}, {3, 1, 1, 4},
                                     {2, 1, 1},    {3, 1, 4, 1}, {4},    {}};
  for (const bool packed : {false, true}) {
    for (const bool causal : {false, true}) {
      for (const Shape& shape : shapes) {
        CAPTURE(to_string(shape));
        const auto with = [&](auto op, bool is_allowed, bool has_bias) {
          return [&, op, is_allowed, has_bias](Tensor query, Tensor keys, Tensor bias) {
            const Lengths& own = causal ? queries : memory;
            const SequenceRows from = packed ? packed_rows(Packing(queries)) : padded_rows(queries, 4);
            const SequenceRows to = packed ? packed_rows(Packing(own)) : padded_rows(own, 4);
            ScaledDotOptions options{.heads = 2, .causal = causal};
            if (is_allowed) options.mask.allowed = full(shape, 1);
            for (std::size_t i = 0; is_allowed && i < shape.size(); i += 3) options.mask.allowed.value()[i] = 0;
            if (has_bias) options.mask.bias = bias;
            const Tensor y = op(query, keys, keys, from, to, options);
            return has_bias ? y : y + Real(0) * sum(bias);
          };
        };
        const int q = packed ? 7 : 12, k = packed ? (causal ? 7 : 9) : 12;
        const std::vector<Shape> inputs = {{q, 4}, {k, 4}, shape};
        for (const auto& [is_allowed, has_bias] : {std::pair(true, false), {false, true}, {true, true}}) {
          check_twins(inputs, with(scaled_dot_attention, is_allowed, has_bias),
                      with(unfused::scaled_dot_attention, is_allowed, has_bias));
          if (kGradcheck) {
            gradcheck("scaled_dot_attention", {inputs.begin(), inputs.end()},
                      with(scaled_dot_attention, is_allowed, has_bias));
          }
        }
      }
    }
  }
}

TEST_CASE("a mask beside causal order is that order, and a bias of -inf is a mask") {
  Tape tape;
  const SequenceRows rows = padded_rows(Lengths{3}, 3);
  const Tensor x = constant({3, 4}, some_numbers(12, 1));
  const auto attend = [&](const ScaledDotOptions& options) {
    const Tensor y = scaled_dot_attention(x, x, x, rows, rows, options);
    return std::vector<Real>(y.value().begin(), y.value().end());
  };
  const std::vector<Real> causal = attend({.causal = true});
  const Tensor allowed = constant({3, 3}, {1, 0, 0, 1, 1, 0, 1, 1, 1});
  const Tensor bias = constant({3, 3}, {0, -kInfinity, -kInfinity, 0, 0, -kInfinity, 0, 0, 0});
  check_numbers_close("allowed", attend({.mask = {.allowed = allowed}}), causal);
  check_numbers_close("bias", attend({.mask = {.bias = bias}}), causal);
}

TEST_CASE("a query whose keys are all masked has the context 0, and gives no gradient") {
  const Real infinity = std::numeric_limits<Real>::infinity();
  for (const bool as_bias : {false, true}) {
    for (const bool is_unfused : {false, true}) {
      const Unfused unfused(is_unfused);
      Tape tape;
      Tensor x = variable({2, 2}, {1, 2, 3, 4});
      const SequenceRows rows = padded_rows(Lengths{2}, 2);
      ScaledDotOptions options;
      if (as_bias) options.mask.bias = constant({2, 1}, {-infinity, 0});
      if (!as_bias) options.mask.allowed = constant({2, 1}, {0, 1});
      const Tensor y = scaled_dot_attention(x, x, x, rows, rows, options);
      CHECK(y.value()[0] == 0);
      CHECK(y.value()[1] == 0);
      CHECK(y.value()[2] > 1);
      tape.backward(y, std::vector<Real>{1, 1, 0, 0});
      for (const Real dx : x.grad()) CHECK(dx == 0);
    }
  }
}

TEST_CASE("scaled_dot_attention names what does not fit") {
  const Tape tape;
  const Tensor two = full({2, 4}, 0), three = full({3, 4}, 0);
  const SequenceRows one = padded_rows(Lengths{2}, 2), longer = padded_rows(Lengths{3}, 3);
  const auto attend = [&](Tensor query, Tensor keys, Tensor values, const SequenceRows& memory,
                          const ScaledDotOptions& options = {}) {
    return scaled_dot_attention(query, keys, values, one, memory, options);
  };
  CHECK_THROWS_WITH_AS(attend(two, three, two, longer),
                       "scaled_dot_attention: sizes differ: query is (2, 4), keys is (3, 4), values is (2, 4); need "
                       "(…, H), and keys and values alike",
                       Error);
  CHECK_THROWS_WITH_AS(attend(two, three, three, longer, {.heads = 3}),
                       "scaled_dot_attention: 3 heads for query (2, 4); need a size that is a multiple of the heads",
                       Error);
  CHECK_THROWS_WITH_AS(attend(two, three, three, longer, {.dropout = 1}),
                       "scaled_dot_attention: bad dropout: 1; need 0 <= dropout < 1", Error);
  CHECK_THROWS_WITH_AS(attend(two, three, three, padded_rows(Lengths{1, 1}, 1)),
                       "scaled_dot_attention: 1 sentences attend to 2; need as many", Error);
  CHECK_THROWS_WITH_AS(attend(two, three, three, longer, {.causal = true}),
                       "scaled_dot_attention: sentence 0 has 2 queries and 3 keys; causal attention needs as many",
                       Error);
  CHECK_THROWS_WITH_AS(attend(two, two, two, longer),
                       "scaled_dot_attention: sentence 0 ends with row 2, but keys is (2, 4): only 2 rows", Error);
  CHECK_THROWS_WITH_AS(attend(two, three, three, longer, {.mask = {.allowed = variable({2, 3}, some_numbers(6, 1))}}),
                       "scaled_dot_attention: the mask needs a gradient (it was made by variable), and gets none",
                       Error);
  CHECK_THROWS_WITH_AS(attend(two, three, three, longer, {.heads = 2, .mask = {.bias = full({2, 1, 2, 3}, 0)}}),
                       "scaled_dot_attention: the mask is (2, 1, 2, 3); need one that broadcasts to (B, heads, T, S) = "
                       "(1, 2, 2, 3)",
                       Error);
}
