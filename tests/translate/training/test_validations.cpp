#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "examples/translate/training/checkpoint.h"
#include "examples/translate/training/trainer.h"
#include "examples/translate/training/unigram.h"
#include "tests/support/temporary_folder.h"
#include "tests/translate/training_session.h"

using namespace gradus::translate;

namespace {

bool same_parameters(Seq2Seq& a, Seq2Seq& b) {
  const auto values = [](Seq2Seq& model) {
    std::vector<gradus::Real> all;
    for (const gradus::Parameter* parameter : model.parameters())
      all.insert(all.end(), parameter->value().begin(), parameter->value().end());
    return all;
  };
  return values(a) == values(b);
}

}

TEST_CASE("the best model is that of the best BLEU, and of equal ones that of the lowest loss") {
  TrainState state;
  CHECK(state.is_beaten_by(0, 9));  // the first validation
  state.best_epoch = 1;
  state.best_bleu = 20;
  state.best_loss = 3;
  CHECK(state.is_beaten_by(20.1, 4));
  CHECK_FALSE(state.is_beaten_by(19.9, 2));
  CHECK(state.is_beaten_by(20, 2.9));
  CHECK_FALSE(state.is_beaten_by(20, 3));
  // Near 0 BLEU is noise.
  state.best_bleu = 0.4;
  CHECK(state.is_beaten_by(0.1, 2.9));
  CHECK_FALSE(state.is_beaten_by(0.9, 3.1));
  CHECK(state.is_beaten_by(5, 3.1));
}

TEST_CASE("a validation gains by a better model, or by a lower cross-entropy than any before") {
  TrainState state;
  CHECK(state.gains_by(0, 9));
  state.best_epoch = 1;
  state.best_bleu = 20;
  state.best_loss = 3;
  state.lowest_loss = 2.5;
  CHECK(state.gains_by(20.1, 4));
  CHECK_FALSE(state.gains_by(19, 2.7));
  CHECK_FALSE(state.gains_by(19, 2.499));  // a hair
  CHECK(state.gains_by(19, 2.4));
}

TEST_CASE("the learning rate falls, and the training ends, when BLEU stops rising") {
  const TemporaryFolder folder;
  TrainConfig config = small_config();
  config.learning_rate = 1e-30;  // nothing moves
  config.epochs = 10;
  config.patience = 2;
  config.plateau_steps = 1;
  const CorpusText corpus = small_corpus();
  Session session(folder.path(), config, corpus, false);
  CHECK(session.trainer->run() == Trainer::End::Patience);
  CHECK(session.trainer->state().epoch == 3);
  CHECK(session.trainer->state().best_epoch == 1);
  CHECK(session.trainer->state().learning_rate == 0.25e-30);
}

TEST_CASE("the learning rate falls to its floor, and no further") {
  const TemporaryFolder folder;
  TrainConfig config = small_config();
  config.learning_rate = 1e-30;
  config.epochs = 10;
  config.patience = 10;
  config.plateau_steps = 1;
  const CorpusText corpus = small_corpus();
  Session session(folder.path(), config, corpus, false);
  session.trainer->run();
  CHECK(session.trainer->state().learning_rate == kPlateauFloor * 1e-30);
}

TEST_CASE("when the learning rate falls the training goes on from the best weights") {
  for (const double average_decay : {0.0, 0.5}) {
    CAPTURE(average_decay);
    const TemporaryFolder folder;
    TrainConfig config = small_config();
    config.average_decay = average_decay;
    config.learning_rate = 0.5;  // moves far, and gains nothing
    config.epochs = 40;
    config.patience = 1;
    config.plateau_steps = 1;
    const CorpusText corpus = small_corpus();
    Session session(folder.path(), config, corpus, false);
    REQUIRE(session.trainer->run() == Trainer::End::Patience);
    REQUIRE(session.trainer->state().best_epoch < session.trainer->state().epoch);
    const auto best = load_translator(folder.path());
    CHECK(same_parameters(best->model, session.translator->model));
  }
}

TEST_CASE("validations are some steps apart, at the ends of epochs, and one is at the end") {
  const TemporaryFolder folder;
  TrainConfig config = small_config();
  config.epochs = 5;  // of 10 steps
  config.valid_steps = 15;
  const CorpusText corpus = small_corpus();
  Session(folder.path(), config, corpus, false).trainer->run();
  std::vector<int> epochs;
  for (const auto& validation : read_training_log(folder.file("log.jsonl")).validations)
    epochs.push_back(validation.epoch);
  CHECK(epochs == std::vector<int>{2, 4, 5});
}

TEST_CASE("a training with a limit of time lets the cosine end with it") {
  const TemporaryFolder folder;
  TrainConfig config = small_config();
  config.schedule = Schedule::Cosine;
  config.epochs = config.patience = 100'000;
  config.max_minutes = 0.02;
  const CorpusText corpus = small_corpus();
  Session session(folder.path(), config, corpus, false);
  CHECK(session.trainer->run() == Trainer::End::Time);
  const auto steps = read_training_log(folder.file("log.jsonl")).steps;
  CHECK(steps.front().learning_rate > 0.9 * config.learning_rate);
  CHECK(steps.back().learning_rate < 0.1 * config.learning_rate);
}

TEST_CASE("a guess by frequencies has the cross-entropy that the counts say") {
  const std::vector<Pair> train = {{{}, {4, 4, 5, 2}}}, valid = {{{}, {4, 6, 2}}};
  // 4 occurs twice, 6 never, 2 once: of 4 words and 7 kinds.
  CHECK(unigram_cross_entropy(train, valid, 7) ==
        doctest::Approx(-(std::log(3.0 / 11) + std::log(1.0 / 11) + std::log(2.0 / 11)) / 3));
}
