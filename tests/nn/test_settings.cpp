#include <doctest/doctest.h>

#include <cmath>

#include "nn/optim/optimizer.h"
#include "nn/optim/schedule.h"
#include "nn/recurrent.h"
#include "nn/sequence_attention.h"
#include "nn/transformer.h"
#include "ops/elementwise.h"
#include "tests/support/complaint.h"
#include "tests/support/numbers.h"

// Settings out of their range, and inputs of the wrong size, which layers would otherwise stretch or cut.

using namespace gradus;

namespace {

struct OneParameter : Module {
  Parameter weight{this, "weight", {2}};
};

/// Sets one setting to each of the values, and wants an error that names optimiser, setting and rule.
template <class TheOptimizer, class Options>
void check_refused(const char* optimizer, const char* name, double Options::*setting, std::vector<double> values) {
  OneParameter module;
  for (const double value : values) {
    Options options;
    options.*setting = value;
    CAPTURE(value);
    const std::string text = complaint([&] { TheOptimizer(module.parameters(), options); });
    CHECK(text.starts_with(fmt::format("{}: bad {}: {}; need ", optimizer, name, value)));
  }
}

const std::vector<double> kNegative = {-1, kNaN, kInfinity}, kNoShare = {-0.1, 1, 2, kNaN};

}

TEST_SUITE("settings") {
  TEST_CASE("settings of optimisers") {
    check_refused<SGD>("sgd", "learning_rate", &SgdOptions::learning_rate, kNegative);
    check_refused<SGD>("sgd", "momentum", &SgdOptions::momentum, kNoShare);
    check_refused<SGD>("sgd", "weight_decay", &SgdOptions::weight_decay, kNegative);
    check_refused<Adagrad>("adagrad", "learning_rate", &AdagradOptions::learning_rate, kNegative);
    check_refused<Adagrad>("adagrad", "learning_rate_decay", &AdagradOptions::learning_rate_decay, kNegative);
    check_refused<Adagrad>("adagrad", "weight_decay", &AdagradOptions::weight_decay, kNegative);
    check_refused<Adagrad>("adagrad", "epsilon", &AdagradOptions::epsilon, kNegative);
    check_refused<Adadelta>("adadelta", "learning_rate", &AdadeltaOptions::learning_rate, kNegative);
    check_refused<Adadelta>("adadelta", "rho", &AdadeltaOptions::rho, kNoShare);
    check_refused<Adadelta>("adadelta", "weight_decay", &AdadeltaOptions::weight_decay, kNegative);
    check_refused<Adadelta>("adadelta", "epsilon", &AdadeltaOptions::epsilon, kNegative);
    check_refused<RMSprop>("rmsprop", "learning_rate", &RmspropOptions::learning_rate, kNegative);
    check_refused<RMSprop>("rmsprop", "alpha", &RmspropOptions::alpha, kNoShare);
    check_refused<RMSprop>("rmsprop", "epsilon", &RmspropOptions::epsilon, kNegative);
    check_refused<RMSprop>("rmsprop", "weight_decay", &RmspropOptions::weight_decay, kNegative);
    check_refused<RMSprop>("rmsprop", "momentum", &RmspropOptions::momentum, kNoShare);
    check_refused<Adam>("adam", "learning_rate", &AdamOptions::learning_rate, kNegative);
    check_refused<Adam>("adam", "beta1", &AdamOptions::beta1, kNoShare);
    check_refused<Adam>("adam", "beta2", &AdamOptions::beta2, kNoShare);
    check_refused<Adam>("adam", "weight_decay", &AdamOptions::weight_decay, kNegative);
    check_refused<Adam>("adam", "epsilon", &AdamOptions::epsilon, kNegative);
    check_refused<AdamW>("adamw", "learning_rate", &AdamWOptions::learning_rate, kNegative);
    check_refused<AdamW>("adamw", "beta1", &AdamWOptions::beta1, kNoShare);
    check_refused<AdamW>("adamw", "beta2", &AdamWOptions::beta2, kNoShare);
    check_refused<AdamW>("adamw", "weight_decay", &AdamWOptions::weight_decay, kNegative);
    check_refused<AdamW>("adamw", "epsilon", &AdamWOptions::epsilon, kNegative);
    OneParameter module;
    if constexpr (sizeof(Real) == 4) {  // rounds to 1
      CHECK_THROWS_AS(Adam(module.parameters(), {.beta2 = 1 - 1e-12}), Error);
    }
    SGD sgd(module.parameters());
    sgd.learning_rate = kNaN;
    CHECK_THROWS_WITH_AS(sgd.step(), "optimizer: bad learning_rate: nan; need 0 or more", Error);
    sgd.learning_rate = 0;
    CHECK_THROWS_WITH_AS(sgd.step({.grad_scale = kNaN}), "optimizer: bad grad_scale: nan; need a finite number", Error);
    CHECK(sgd.steps == 0);
    CHECK_THROWS_WITH_AS(clip_grad_norm(module.parameters(), -1), "clip: bad max_norm: -1; need 0 or more", Error);
    CHECK_THROWS_WITH_AS(clip_grad_norm(module.parameters(), kNaN), "clip: bad max_norm: nan; need 0 or more", Error);
  }

  TEST_CASE("settings of schedules") {
    CHECK_THROWS_WITH_AS(schedule::step_decay(1, 5, 0, 0.5), "step_decay: bad period: 0; need 1 or more", Error);
    CHECK_THROWS_WITH_AS(schedule::step_decay(1, 5, 2, 2), "step_decay: bad factor: 2; need 0 < factor <= 1", Error);
    CHECK_THROWS_WITH_AS(schedule::step_decay(-1, 5, 2, 0.5), "step_decay: bad rate: -1; need 0 or more", Error);
    CHECK_THROWS_WITH_AS(schedule::step_decay(1, -5, 2, 0.5), "step_decay: bad step: -5; need 0 or more", Error);
    CHECK_THROWS_WITH_AS(schedule::exponential(1, 5, 0), "exponential: bad factor: 0; need more than 0", Error);
    CHECK_THROWS_WITH_AS(schedule::constant(kNaN, 5, 0), "constant: bad rate: nan; need 0 or more", Error);
    CHECK_THROWS_WITH_AS(schedule::constant(1, 5, -1), "constant: bad warm_up: -1; need 0 or more", Error);
    CHECK_THROWS_WITH_AS(schedule::cosine(1, 5, -1, 10), "cosine: bad warm_up: -1; need 0 or more", Error);
    CHECK_THROWS_WITH_AS(schedule::cosine(1, 5, 1, 10, -1), "cosine: bad last_rate: -1; need 0 or more", Error);
    CHECK_THROWS_WITH_AS(schedule::inverse_sqrt(1, 5, -1), "inverse_sqrt: bad warm_up: -1; need 0 or more", Error);
    CHECK_THROWS_WITH_AS(schedule::Plateau(1, 1, 2), "plateau: bad factor: 2; need 0 < factor < 1", Error);
    CHECK_THROWS_WITH_AS(schedule::Plateau(1, 0), "plateau: bad patience: 0; need 1 or more", Error);
    CHECK_THROWS_WITH_AS(schedule::Plateau(1, 1, 0.5, kNaN), "plateau: bad last_rate: nan; need 0 or more", Error);
  }

  TEST_CASE("probabilities and first values") {
    for (const double p : {-0.1, 1.0, double(kNaN)}) {
      const Real probability = static_cast<Real>(p);
      CHECK_THROWS_AS(Dropout(nullptr, "d", probability), Error);
      CHECK_THROWS_AS(LSTM(nullptr, "l", 2, 2, {.dropout = probability}), Error);
      CHECK_THROWS_AS(GRU(nullptr, "l", 2, 2, {.recurrent_dropout = probability}), Error);
      CHECK_THROWS_AS(SequenceAttention(nullptr, "a", 4, 2, probability), Error);
      CHECK_THROWS_AS(TransformerEncoderLayer(nullptr, "t", {.size = 4, .heads = 2, .dropout = probability}), Error);
    }
    CHECK_THROWS_WITH_AS(Dropout(nullptr, "drop", 2),
                         "dropout: bad probability: 2; need 0 <= probability < 1 [in drop]", Error);
    CHECK_THROWS_AS(LayerNorm(nullptr, "n", 2, -1), Error);
    CHECK_THROWS_WITH_AS(init::uniform(1, -1), "uniform: bad range: [1, -1); need low <= high", Error);
    CHECK_THROWS_WITH_AS(init::normal(0, -1), "normal: bad deviation: -1; need 0 or more", Error);
    CHECK_THROWS_AS(init::normal(kNaN), Error);
    for (const double gain : kNegative) {
      for (const auto rule : {init::xavier_uniform, init::xavier_normal, init::kaiming_uniform, init::orthogonal}) {
        CHECK_THROWS_AS(rule(gain), Error);
      }
    }
  }

  TEST_CASE("recurrent layers of 5 features refuse others") {
    Tape tape;
    const std::vector<int> lengths = {2, 1};
    const Packing packing(lengths);
    for (const bool bidirectional : {false, true}) {
      const RecurrentOptions options{.bidirectional = bidirectional};
      LSTM lstm(nullptr, "lstm", 5, 4, options);
      GRU gru(nullptr, "gru", 5, 4, options);
      RNN rnn(nullptr, "rnn", 5, 4, options);
      for (const int features : {0, 3, 4, 6}) {
        CAPTURE(features);
        const Tensor padded = full({2, 2, features}, 1), packed = full({3, features}, 1);
        CHECK_THROWS_AS(lstm(padded, lengths), Error);
        CHECK_THROWS_AS(lstm(packed, packing), Error);
        CHECK_THROWS_AS(gru(padded, lengths), Error);
        CHECK_THROWS_AS(gru(packed, packing), Error);
        CHECK_THROWS_AS(rnn(padded, lengths), Error);
        CHECK_THROWS_AS(rnn(packed, packing), Error);
      }
    }
    LSTM lstm(nullptr, "lstm", 5, 4);
    CHECK_THROWS_WITH_AS(lstm(full({3, 3}, 1), packing),
                         "lstm_sequence: input sizes differ: x is (3, 3), weight is (16, 5); need x.dim(-1) == "
                         "weight.dim(-1), or the term's first_col [in lstm]",
                         Error);
    const Tensor weight = full({16, 5}, 1), bias = full({16}, 0), cell = full({2, 4}, 0);
    CHECK_THROWS_AS(lstm_cell(bias, LinearTerm{full({2, 3}, 1), weight}, cell), Error);
    CHECK_THROWS_AS(lstm_cell(bias, LinearTerm{full({2, 0}, 1), weight}, cell), Error);
    CHECK_NOTHROW(lstm_cell(bias, LinearTerm{full({2, 3}, 1), weight, 0}, cell));  // the first three columns
    CHECK_NOTHROW(lstm_cell(bias, {{full({2, 3}, 1), weight}, {full({2, 2}, 1), weight, 3}}, cell));
  }

  TEST_CASE("cells refuse other features, and a state of another size") {
    Tape tape;
    LSTMCell lstm(nullptr, "lstm", 5, 4);
    GRUCell gru(nullptr, "gru", 5, 4);
    RNNCell rnn(nullptr, "rnn", 5, 4);
    ResetBeforeGRUCell reset(nullptr, "reset", 5, 4);
    LayerNormLSTMCell norm_lstm(nullptr, "norm_lstm", 5, 4);
    LayerNormRNNCell norm_rnn(nullptr, "norm_rnn", 5, 4);
    LayerNormGRUCell norm_gru(nullptr, "norm_gru", 5, 4);
    LayerNormResetBeforeGRUCell norm_reset(nullptr, "norm_reset", 5, 4);
    const Tensor x = full({2, 5}, 1), state = full({2, 4}, 0);
    for (RecurrentCell* cell : std::initializer_list<RecurrentCell*>{&lstm, &gru, &rnn, &reset, &norm_lstm, &norm_rnn,
                                                                     &norm_gru, &norm_reset}) {
      CAPTURE(cell->path());
      CHECK_NOTHROW(cell->step({&x, 1}, {state, state}));
      for (const int features : {0, 3, 6}) {
        const Tensor other = full({2, features}, 1);
        CHECK_THROWS_AS(cell->step({&other, 1}, {state, state}), Error);
      }
      for (const Shape& shape : {Shape{2, 3}, Shape{2, 1}, Shape{1, 4}, Shape{3, 4}, Shape{4}}) {
        CAPTURE(shape);
        CHECK_THROWS_AS(cell->step({&x, 1}, {full(shape, 0), state}), Error);
        CHECK_THROWS_AS(cell->step({&x, 1}, {state, full(shape, 0)}), Error);
      }
    }
    CHECK_THROWS_AS(lstm(x, {full({2, 3}, 0), full({2, 3}, 0)}), Error);
  }

  TEST_CASE("other layers refuse other features") {
    Tape tape;
    Linear linear(nullptr, "linear", 5, 2);
    LayerNorm norm(nullptr, "norm", 5);
    SequenceAttention attention(nullptr, "attention", 4, 2);
    const std::vector<int> lengths = {2};
    for (const int features : {0, 3, 6}) {
      const Tensor x = full({2, features}, 1);
      CHECK_THROWS_AS(linear(x), Error);
      CHECK_THROWS_AS(linear({x, x}), Error);
      CHECK_THROWS_AS(norm(x), Error);
      CHECK_THROWS_AS(attention(x, padded_rows(lengths, 2)), Error);
    }
  }
}
