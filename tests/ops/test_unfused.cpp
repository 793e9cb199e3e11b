#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <string>

#include "autograd/inspect/observers.h"
#include "ops/fused/attention.h"
#include "ops/fused/linear_cross_entropy.h"
#include "ops/fused/monotonic.h"
#include "ops/fused/recurrent.h"
#include "ops/fused/scaled_dot_attention.h"
#include "ops/fused/unfused.h"
#include "ops/reduce.h"
#include "tests/reference/twins.h"

using namespace gradus;

namespace {

struct Names : OpListener {
  void computed(std::span<const Tensor> outputs) override { names.insert(outputs.front().node().op); }
  std::set<std::string> names;
};

Tensor some_variable(const Shape& shape, int seed) { return variable(shape, some_numbers(shape.size(), seed)); }

/// A call of each fused op, by its name; the sum of what it gives.
const std::vector<std::pair<std::string, std::function<Tensor()>>> kCalls = {
    {"linear",
     [] {
       return sum(linear(some_variable({2, 3, 4}, 1), some_variable({5, 4}, 2), some_variable({5}, 3)));
     }},
    {"linear_sum",
     [] {
       return sum(linear_sum(some_variable({5}, 1), {{some_variable({3, 2}, 2), some_variable({5, 4}, 3), 1}}));
     }},
    {"linear_sum_tanh",
     [] {
       return sum(linear_sum_tanh({}, {{some_variable({3, 4}, 2), some_variable({5, 4}, 3)}}));
     }},
    {"linear_cross_entropy",
     [] {
       const int targets[] = {1, 0, -100};
       return linear_cross_entropy(some_variable({3, 4}, 1), some_variable({5, 4}, 2), {}, targets,
                                   {.label_smoothing = Real(0.1)});
     }},
    {"linear_r_drop",
     [] {
       const int targets[] = {1, 1, -100, -100};
       return linear_r_drop(some_variable({4, 4}, 1), some_variable({5, 4}, 2), {}, targets, 3,
                            {.label_smoothing = Real(0.1)});
     }},
    {"additive_scores",
     [] {
       const int lengths[] = {3, 2};
       return sum(square(additive_scores(some_variable({2, 4}, 1), some_variable({2, 3, 4}, 2), some_variable({4}, 3),
                                         padded_rows(lengths, 3))));
     }},
    {"dot_scores",
     [] {
       const int lengths[] = {3};
       return sum(
           square(dot_scores(some_variable({1, 4}, 1), some_variable({3, 4}, 2), packed_rows(Packing(lengths)), 2)));
     }},
    {"weighted_sum",
     [] {
       const int lengths[] = {3};
       return sum(
           square(weighted_sum(some_variable({1, 3}, 1), some_variable({3, 4}, 2), packed_rows(Packing(lengths)))));
     }},
    {"monotonic_alignment",
     [] {
       const int lengths[] = {3, 2};
       return sum(square(monotonic_alignment(some_variable({2, 3}, 1), some_variable({2, 3}, 2), lengths)));
     }},
    {"chunkwise_weights",
     [] {
       const int lengths[] = {3, 2};
       return sum(square(chunkwise_weights(some_variable({2, 3}, 1), some_variable({2, 3}, 2), 2, lengths)));
     }},
    {"scaled_dot_attention",
     [] {
       const int lengths[] = {2};
       const Tensor x = some_variable({3, 4}, 1);  // whose last row is in no sentence
       const SequenceRows rows = padded_rows(lengths, 3);
       return sum(square(scaled_dot_attention(x, x, x, rows, rows, {.heads = 2})));
     }},
    {"lstm_cell",
     [] {
       const LstmState y = lstm_cell(some_variable({8}, 1), {{some_variable({3, 2}, 2), some_variable({8, 2}, 3)}},
                                     some_variable({3, 2}, 4));
       return sum(y.hidden * y.cell);
     }},
    {"lstm_sequence",
     [] {
       const int lengths[] = {3, 1};
       const LstmOutput y = lstm_sequence(some_variable({8}, 1), {{some_variable({4, 2}, 2), some_variable({8, 2}, 3)}},
                                          some_variable({8, 2}, 4), {}, Packing(lengths), true);
       return sum(square(y.output)) + sum(y.final.hidden * y.final.cell);
     }},
    {"rnn_tanh_sequence",
     [] {
       const int lengths[] = {3, 1};
       const RnnOutput y =
           rnn_sequence(some_variable({4, 2}, 1), {}, some_variable({2, 2}, 3), {}, Packing(lengths), true);
       return sum(square(y.output)) + sum(y.final);
     }},
    {"rnn_relu_sequence",
     [] {
       const int lengths[] = {2};
       const RnnOutput y = rnn_sequence(some_variable({2}, 1), {{some_variable({2, 3}, 2), some_variable({2, 3}, 4)}},
                                        some_variable({2, 2}, 3), {}, Packing(lengths), false, Nonlinearity::Relu);
       return sum(square(y.output));
     }},
    {"gru_cell",
     [] {
       return sum(square(gru_cell(some_variable({2, 6}, 1), some_variable({2, 2}, 2), some_variable({6, 2}, 3),
                                  some_variable({6}, 4))));
     }},
    {"gru_sequence",
     [] {
       const int lengths[] = {3, 1};
       const GruOutput y = gru_sequence(some_variable({4, 6}, 1), some_variable({6, 2}, 3), some_variable({6}, 4), {},
                                        Packing(lengths), false);
       return sum(square(y.output)) + sum(y.final);
     }},
};

}

TEST_CASE("in an Unfused scope the twins take over, with the same values and gradients") {
  const std::set<std::string> fused = [] {
    std::set<std::string> names;
    for (const auto& [name, call] : kCalls) names.insert(name);
    return names;
  }();
  for (const auto& [key, call] : kCalls) {
    const std::string name = key;
    CAPTURE(name);
    std::vector<std::vector<Real>> gradients[2];
    Real values[2];
    for (const bool is_twin : {false, true}) {
      Tape tape;
      Names recorded;
      const Tensor loss = [&, call = call] {
        const Unfused unfused(is_twin);
        return call();
      }();
      CHECK_FALSE(Unfused::is_on());
      tape.backward(loss);
      values[is_twin] = loss.item();
      for (const Node* node : tape.nodes()) {
        if (node->op == std::string_view("variable"))
          gradients[is_twin].emplace_back(node->grad, node->grad + node->shape.size());
      }
      for (const std::string& op : fused) CHECK(recorded.names.contains(op) == (!is_twin && op == name));
    }
    CHECK(values[0] == doctest::Approx(values[1]).epsilon(kTwinTolerance));
    REQUIRE(gradients[0].size() == gradients[1].size());
    for (std::size_t i = 0; i < gradients[0].size(); ++i) check_numbers_close(name, gradients[0][i], gradients[1][i]);
  }
}
