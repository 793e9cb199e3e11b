#include <doctest/doctest.h>

#include <array>

#include "ops/fused/recurrent.h"
#include "tests/reference/twins.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

using Lengths = std::vector<int>;
const std::vector<Lengths> kManyLengths = {{1}, {3}, {1, 1}, {2, 2, 2}, {4, 2, 1}, {5, 5, 3, 1}};

std::vector<Tensor> outputs(const LstmState& y) { return {y.hidden, y.cell}; }
std::vector<Tensor> outputs(const LstmOutput& y) { return {y.output, y.final.hidden, y.final.cell}; }
std::vector<Tensor> outputs(const GruOutput& y) { return {y.output, y.final}; }
std::vector<Tensor> outputs(const RnnOutput& y) { return {y.output, y.final}; }

/// The overload for literal terms, as a value.
constexpr auto kLstmCell = [](Tensor base, std::initializer_list<LinearTerm> terms, Tensor cell) {
  return lstm_cell(base, terms, cell);
};

// The overloads with defaults, as values.
constexpr auto kLstmSequence = [](Tensor base, std::initializer_list<LinearTerm> terms, Tensor w, LstmState initial,
                                  const Packing& packing, bool reverse, Tensor mask = {}) {
  return lstm_sequence(base, terms, w, initial, packing, reverse, mask);
};
constexpr auto kUnfusedLstmSequence = [](Tensor base, std::initializer_list<LinearTerm> terms, Tensor w,
                                         LstmState initial, const Packing& packing, bool reverse, Tensor mask = {}) {
  return unfused::lstm_sequence(base, terms, w, initial, packing, reverse, mask);
};
constexpr auto kGruSequence = [](Tensor x, Tensor w, Tensor b, Tensor initial, const Packing& packing, bool reverse,
                                 Tensor mask = {}) { return gru_sequence(x, w, b, initial, packing, reverse, mask); };
constexpr auto kUnfusedGruSequence = [](Tensor x, Tensor w, Tensor b, Tensor initial, const Packing& packing,
                                        bool reverse, Tensor mask = {}) {
  return unfused::gru_sequence(x, w, b, initial, packing, reverse, mask);
};

constexpr auto kRnnSequence = [](Tensor base, std::initializer_list<LinearTerm> terms, Tensor w, Tensor initial,
                                 const Packing& packing, bool reverse, Nonlinearity nonlinearity, Tensor mask = {}) {
  return rnn_sequence(base, terms, w, initial, packing, reverse, nonlinearity, mask);
};
constexpr auto kUnfusedRnnSequence = [](Tensor base, std::initializer_list<LinearTerm> terms, Tensor w, Tensor initial,
                                        const Packing& packing, bool reverse, Nonlinearity nonlinearity,
                                        Tensor mask = {}) {
  return unfused::rnn_sequence(base, terms, w, initial, packing, reverse, nonlinearity, mask);
};
constexpr Nonlinearity kNonlinearities[] = {Nonlinearity::Tanh, Nonlinearity::Relu};

/// Tests one cell, fused or composed: the input's and the state's terms, the latter from a middle column of its weight.
template <class Cell>
auto cell_with_two_terms(Cell cell) {
  return [=](Tensor base, Tensor x, Tensor w_ih, Tensor h, Tensor w_hh, Tensor c) {
    return outputs(cell(base, {{x, w_ih}, {h, w_hh, 1}}, c));
  };
}

}

TEST_CASE("lstm_cell agrees with its twin") {
  for (const auto& [B, in, H] : {std::array{1, 1, 1}, {3, 2, 5}, {2, 7, 40}}) {
    for (const Shape& base : {Shape{B, 4 * H}, Shape{4 * H}}) {
      check_twins({base, {B, in}, {4 * H, in}, {B, H}, {4 * H, H + 2}, {B, H}}, cell_with_two_terms(kLstmCell),
                  cell_with_two_terms(unfused::lstm_cell), 2);
    }
  }
}

TEST_CASE("lstm_cell needs no terms") {
  const auto cell = [](auto op) { return [=](Tensor base, Tensor c) { return outputs(op(base, {}, c)); }; };
  check_twins({{3, 8}, {3, 2}}, cell(kLstmCell), cell(unfused::lstm_cell), 2);
}

TEST_CASE("lstm_cell: one term in two places gets both gradients") {
  const auto cell = [](auto op) {
    return [=](Tensor base, Tensor x, Tensor w, Tensor c) { return outputs(op(base, {{x, w}, {x, w, 2}}, c)); };
  };
  check_twins({{3, 8}, {3, 2}, {8, 4}, {3, 2}}, cell(kLstmCell), cell(unfused::lstm_cell), 2);
}

TEST_CASE("gru_cell agrees with its twin") {
  for (const auto& [B, H] : {std::array{1, 1}, {3, 5}, {2, 40}}) {
    const auto cell = [](auto op) {
      return [=](Tensor x, Tensor h, Tensor w, Tensor b) { return op(x, h, w, b, Tensor()); };
    };
    check_twins({{B, 3 * H}, {B, H}, {3 * H, H}, {3 * H}}, cell(gru_cell), cell(unfused::gru_cell));
  }
}

TEST_CASE("lstm_sequence agrees with its twin") {
  for (const Lengths& lengths : kManyLengths) {
    for (bool reverse : {false, true}) {
      const int B = lengths.size(), rows = sum_of(lengths), H = 3;
      CAPTURE(lengths.size());
      CAPTURE(reverse);
      const auto from_zeros = [&](auto op) {
        return [=](Tensor x, Tensor w) { return outputs(op(x, {}, w, {}, Packing(lengths), reverse)); };
      };
      check_twins({{rows, 4 * H}, {4 * H, H}}, from_zeros(kLstmSequence), from_zeros(kUnfusedLstmSequence), 3);
      const auto from_state = [&](auto op) {
        return [=](Tensor x, Tensor w, Tensor h, Tensor c) {
          return outputs(op(x, {}, w, {h, c}, Packing(lengths), reverse));
        };
      };
      check_twins({{rows, 4 * H}, {4 * H, H}, {B, H}, {B, H}}, from_state(kLstmSequence),
                  from_state(kUnfusedLstmSequence), 3);
    }
  }
}

TEST_CASE("lstm_sequence with terms agrees with its twin") {
  for (const Lengths& lengths : kManyLengths) {
    const int B = lengths.size(), rows = sum_of(lengths), in = 2, H = 3;
    CAPTURE(lengths.size());
    const auto with_terms = [&](auto op) {
      return [=](Tensor base, Tensor x, Tensor w_ih, Tensor w_hh, Tensor c) {
        return outputs(op(base, {{x, w_ih}, {x, w_ih, 1}}, w_hh, {{}, c}, Packing(lengths), false));
      };
    };
    for (const Shape& base : {Shape{rows, 4 * H}, Shape{4 * H}}) {
      check_twins({base, {rows, in}, {4 * H, in + 1}, {4 * H, H}, {B, H}}, with_terms(kLstmSequence),
                  with_terms(kUnfusedLstmSequence), 3);
    }
  }
}

TEST_CASE("lstm_sequence: an initial hidden state without a cell, and the reverse") {
  const Lengths lengths = {3, 1};
  for (bool reverse : {false, true}) {
    const auto hidden_only = [&](auto op) {
      return [=](Tensor x, Tensor w, Tensor h) { return outputs(op(x, {}, w, {h, {}}, Packing(lengths), reverse)); };
    };
    const auto cell_only = [&](auto op) {
      return [=](Tensor x, Tensor w, Tensor c) { return outputs(op(x, {}, w, {{}, c}, Packing(lengths), reverse)); };
    };
    const std::vector<Shape> shapes = {{4, 8}, {8, 2}, {2, 2}};
    check_twins(shapes, hidden_only(kLstmSequence), hidden_only(kUnfusedLstmSequence), 3);
    check_twins(shapes, cell_only(kLstmSequence), cell_only(kUnfusedLstmSequence), 3);
  }
}

TEST_CASE("gru_sequence agrees with its twin") {
  for (const Lengths& lengths : kManyLengths) {
    for (bool reverse : {false, true}) {
      const int B = lengths.size(), rows = sum_of(lengths), H = 3;
      CAPTURE(lengths.size());
      CAPTURE(reverse);
      const auto from_zeros = [&](auto op) {
        return [=](Tensor x, Tensor w, Tensor b) { return outputs(op(x, w, b, {}, Packing(lengths), reverse)); };
      };
      check_twins({{rows, 3 * H}, {3 * H, H}, {3 * H}}, from_zeros(kGruSequence), from_zeros(kUnfusedGruSequence), 2);
      const auto from_state = [&](auto op) {
        return
            [=](Tensor x, Tensor w, Tensor b, Tensor h) { return outputs(op(x, w, b, h, Packing(lengths), reverse)); };
      };
      check_twins({{rows, 3 * H}, {3 * H, H}, {3 * H}, {B, H}}, from_state(kGruSequence),
                  from_state(kUnfusedGruSequence), 2);
    }
  }
}

TEST_CASE("rnn_sequence agrees with its twin") {
  for (const Lengths& lengths : kManyLengths) {
    for (bool reverse : {false, true}) {
      for (const Nonlinearity f : kNonlinearities) {
        const int B = lengths.size(), rows = sum_of(lengths), H = 3, in = 2;
        CAPTURE(lengths.size());
        CAPTURE(reverse);
        const auto from_zeros = [&](auto op) {
          return [=](Tensor base, Tensor w) { return outputs(op(base, {}, w, {}, Packing(lengths), reverse, f)); };
        };
        check_twins({{rows, H}, {H, H}}, from_zeros(kRnnSequence), from_zeros(kUnfusedRnnSequence), 2);
        const auto from_state = [&](auto op) {
          return [=](Tensor base, Tensor x, Tensor w_ih, Tensor w, Tensor h) {
            return outputs(op(base, {{x, w_ih}, {x, w_ih, 1}}, w, h, Packing(lengths), reverse, f));
          };
        };
        for (const Shape& base : {Shape{rows, H}, Shape{H}}) {
          check_twins({base, {rows, in}, {H, in + 1}, {H, H}, {B, H}}, from_state(kRnnSequence),
                      from_state(kUnfusedRnnSequence), 2);
        }
        const auto with_mask = [&](auto op) {
          return [=](Tensor base, Tensor w, Tensor h) {
            const Tensor mask = constant({B, H}, some_numbers(B * H, 9));
            return outputs(op(base, {}, w, h, Packing(lengths), reverse, f, mask));
          };
        };
        check_twins({{rows, H}, {H, H}, {B, H}}, with_mask(kRnnSequence), with_mask(kUnfusedRnnSequence), 2);
      }
    }
  }
}

TEST_CASE("a layer in two directions over one projection adds both gradients") {
  const Lengths lengths = {3, 2};
  const auto both = [&](auto op) {
    return [=](Tensor x, Tensor w) {
      const Packing packing(lengths);
      return std::vector{op(x, {}, w, {}, packing, false).output, op(x, {}, w, {}, packing, true).output};
    };
  };
  check_twins({{5, 8}, {8, 2}}, both(kLstmSequence), both(kUnfusedLstmSequence), 2);
}

TEST_CASE("with a mask the recurrent ops agree with their twins") {
  for (const Lengths& lengths : kManyLengths) {
    for (bool reverse : {false, true}) {
      const int B = lengths.size(), rows = sum_of(lengths), H = 3;
      CAPTURE(lengths.size());
      CAPTURE(reverse);
      const auto mask = [&] { return constant({B, H}, some_numbers(B * H, 9)); };
      const auto lstm = [&](auto op) {
        return [=](Tensor x, Tensor w, Tensor h, Tensor c) {
          return outputs(op(x, {}, w, {h, c}, Packing(lengths), reverse, mask()));
        };
      };
      check_twins({{rows, 4 * H}, {4 * H, H}, {B, H}, {B, H}}, lstm(kLstmSequence), lstm(kUnfusedLstmSequence), 3);
      const auto gru = [&](auto op) {
        return [=](Tensor x, Tensor w, Tensor b, Tensor h) {
          return outputs(op(x, w, b, h, Packing(lengths), reverse, mask()));
        };
      };
      check_twins({{rows, 3 * H}, {3 * H, H}, {3 * H}, {B, H}}, gru(kGruSequence), gru(kUnfusedGruSequence), 2);
      const auto cell = [&](auto op) {
        return [=](Tensor x, Tensor h, Tensor w, Tensor b) { return op(x, h, w, b, mask()); };
      };
      check_twins({{B, 3 * H}, {B, H}, {3 * H, H}, {3 * H}}, cell(gru_cell), cell(unfused::gru_cell));
    }
  }
}

TEST_CASE("gradcheck of the recurrent ops") {
  for (const auto& [B, in, H] : {std::array{1, 1, 1}, {3, 2, 4}, {2, 3, 2}}) {
    const auto cell = cell_with_two_terms(kLstmCell);
    gradcheck("lstm_cell", {{B, 4 * H}, {B, in}, {4 * H, in}, {B, H}, {4 * H, H + 2}, {B, H}}, cell);
    gradcheck("lstm_cell", {{4 * H}, {B, in}, {4 * H, in}, {B, H}, {4 * H, H + 2}, {B, H}}, cell);
    gradcheck("gru_cell", {{B, 3 * H}, {B, H}, {3 * H, H}, {3 * H}},
              [](Tensor x, Tensor h, Tensor w, Tensor b) { return gru_cell(x, h, w, b); });
  }
  for (const Lengths& lengths : kManyLengths) {
    for (bool reverse : {false, true}) {
      const int B = lengths.size(), rows = sum_of(lengths), H = 2;
      Leaf lstm_weight("weight_hh", {4 * H, H}), gru_weight("weight_hh", {3 * H, H});
      std::ranges::copy(some_numbers(4 * H * H, 1), lstm_weight.value().begin());
      std::ranges::copy(some_numbers(3 * H * H, 2), gru_weight.value().begin());
      gradcheck("lstm_sequence", {{rows, 4 * H}, {B, H}, {B, H}},
                [&](Tensor x, Tensor h, Tensor c) {
                  return outputs(lstm_sequence(x, {}, lstm_weight, {h, c}, Packing(lengths), reverse));
                },
                {&lstm_weight});
      gradcheck("lstm_sequence", {{4 * H}, {rows, 3}, {4 * H, 3}},
                [&](Tensor base, Tensor x, Tensor w_ih) {
                  return outputs(lstm_sequence(base, {{x, w_ih}}, lstm_weight, {}, Packing(lengths), reverse));
                },
                {&lstm_weight});
      const auto mask = [&] { return constant({B, H}, some_numbers(B * H, 9)); };
      gradcheck("lstm_sequence with a mask", {{rows, 4 * H}, {B, H}, {B, H}},
                [&](Tensor x, Tensor h, Tensor c) {
                  return outputs(lstm_sequence(x, {}, lstm_weight, {h, c}, Packing(lengths), reverse, mask()));
                },
                {&lstm_weight});
      gradcheck("gru_sequence with a mask", {{rows, 3 * H}, {3 * H}, {B, H}},
                [&](Tensor x, Tensor b, Tensor h) {
                  return outputs(gru_sequence(x, gru_weight, b, h, Packing(lengths), reverse, mask()));
                },
                {&gru_weight});
      gradcheck("gru_sequence", {{rows, 3 * H}, {3 * H}, {B, H}},
                [&](Tensor x, Tensor b, Tensor h) {
                  return outputs(gru_sequence(x, gru_weight, b, h, Packing(lengths), reverse));
                },
                {&gru_weight});
      gradcheck(
          "gru_sequence", {{rows, 3 * H}, {3 * H}},
          [&](Tensor x, Tensor b) { return outputs(gru_sequence(x, gru_weight, b, {}, Packing(lengths), reverse)); },
          {&gru_weight});
    }
  }
}

TEST_CASE("gradcheck of rnn_sequence") {
  for (const Lengths& lengths : kManyLengths) {
    for (bool reverse : {false, true}) {
      for (const Nonlinearity f : kNonlinearities) {
        const int B = lengths.size(), rows = sum_of(lengths), H = 2;
        Leaf weight("weight_hh", {H, H});
        std::ranges::copy(some_numbers(H * H, 1), weight.value().begin());
        gradcheck("rnn_sequence", {{H}, {rows, 3}, {H, 3}},
                  [&](Tensor base, Tensor x, Tensor w_ih) {
                    return outputs(rnn_sequence(base, {{x, w_ih}}, weight, {}, Packing(lengths), reverse, f));
                  },
                  {&weight});
        gradcheck("rnn_sequence with a mask", {{rows, H}, {B, H}},
                  [&](Tensor x, Tensor h) {
                    const Tensor mask = constant({B, H}, some_numbers(B * H, 9));
                    return outputs(rnn_sequence(x, {}, weight, h, Packing(lengths), reverse, f, mask));
                  },
                  {&weight});
      }
    }
  }
}

TEST_CASE("recurrent ops name the shapes that do not fit") {
  Tape tape;
  const Packing packing(Lengths{2, 1});
  const Tensor w = full({8, 2}, 0), x = full({3, 8}, 0), state = full({2, 2}, 0), wrong = full({2, 3}, 0);
  CHECK_THROWS_WITH_AS(lstm_cell(x, {}, state),
                       "lstm_cell: base does not fit: base is (3, 8), cell is (2, 2); need base (2, 8) or (8)", Error);
  CHECK_THROWS_WITH_AS(lstm_sequence(x, {}, wrong, {}, packing, false),
                       "lstm_sequence: weight_hh is (2, 3); need (4H, H)", Error);
  CHECK_THROWS_WITH_AS(lstm_sequence(w, {}, w, {}, packing, false),
                       "lstm_sequence: base does not fit: base is (8, 2), weight_hh is (8, 2), the packing has 3 rows; "
                       "need base (3, 8) or (8)",
                       Error);
  CHECK_THROWS_WITH_AS(lstm_sequence(x, {}, w, {state, wrong}, packing, false),
                       "lstm_sequence: the initial state is (2, 3); need (B, H) = (2, 2)", Error);
  CHECK_THROWS_WITH_AS(lstm_sequence(x, {}, w, {}, packing, false, wrong),
                       "lstm_sequence: the mask is (2, 3); need (B, H) = (2, 2)", Error);
  CHECK_THROWS_WITH_AS(lstm_sequence(x, {}, w, {}, packing, false, variable({2, 2}, {1, 1, 0, 0})),
                       "lstm_sequence: the mask needs a gradient (it was made by variable), and gets none", Error);
  CHECK_THROWS_WITH_AS(gru_cell(full({2, 6}, 0), wrong, full({6, 2}, 0), full({6}, 0)),
                       "gru_cell: the hidden state is (2, 3); need (B, H) = (2, 2)", Error);
  CHECK_THROWS_WITH_AS(gru_sequence(full({3, 6}, 0), full({6, 2}, 0), full({5}, 0), {}, packing, true),
                       "gru_sequence: bias_hh is (5); need (3H) = (6)", Error);
  CHECK_THROWS_WITH_AS(rnn_sequence(x, {}, wrong, {}, packing, false),
                       "rnn_tanh_sequence: weight_hh is (2, 3); need (H, H)", Error);
  CHECK_THROWS_WITH_AS(rnn_sequence(x, {}, state, {}, packing, false, Nonlinearity::Relu),
                       "rnn_relu_sequence: base does not fit: base is (3, 8), weight_hh is (2, 2), the packing has 3 "
                       "rows; need base (3, 2) or (2)",
                       Error);
  CHECK_THROWS_WITH_AS(rnn_sequence(full({3, 2}, 0), {}, state, wrong, packing, false),
                       "rnn_tanh_sequence: the initial state is (2, 3); need (B, H) = (2, 2)", Error);
  CHECK_THROWS_WITH_AS(rnn_sequence(full({2}, 0), {{x, w}}, state, {}, packing, false),
                       "rnn_tanh_sequence: weight does not fit: weight is (8, 2); need (2, in)", Error);
}
