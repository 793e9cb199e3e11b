#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/base/interrupt.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/training/trainer.h"
#include "examples/translate/training/unigram.h"
#include "examples/translate/translator/translate.h"
#include "ops/gemm/thread_pool.h"
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

/// Raises SIGTERM in the validation after so many; each cuts a line twice.
struct InterruptingTokenizer : WhitespaceTokenizer {
  InterruptingTokenizer(std::size_t validations, const ParallelText& text)
      : lines_left(2 * validations * text.source.size()) {}
  std::vector<std::string> split(std::string_view line) const override {
    if (lines_left-- == 0) std::raise(SIGTERM);
    return WhitespaceTokenizer::split(line);
  }
  mutable std::size_t lines_left;
};

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

TEST_CASE("a validation that is interrupted is given up, and takes place when the training goes on") {
  const CorpusText corpus = small_corpus();
  TrainConfig config = small_config();  // two epochs of 10 steps
  config.average_decay = 0.9;
  config.keep_epochs = 1;
  for (const char* every : {"off", "4steps", "1epoch"}) {
    CAPTURE(std::string(every));
    config.validate_every = read_interval(every);
    const TemporaryFolder whole, parts;
    CHECK(Session(whole.path(), config, corpus, false).trainer->run() == Trainer::End::Epochs);
    const std::size_t validations = read_training_log(whole.file("log.jsonl")).validations.size();
    REQUIRE(validations >= 2);
    for (std::size_t done = 0; done <= validations; ++done) {  // each session does one, and meets the next
      Session session(parts.path(), config, corpus, done > 0);
      session.translator->source.tokenizer = std::make_shared<InterruptingTokenizer>(done > 0 ? 1 : 0, corpus.valid);
      CHECK((session.trainer->run() == Trainer::End::Interrupted) == (done < validations));
      CHECK(read_training_log(parts.file("log.jsonl")).validations.size() == done);
    }
    CHECK(same_training(whole, parts));
    CHECK(numbers(whole.file("epoch-0002.safetensors")) == numbers(parts.file("epoch-0002.safetensors")));
  }
}

TEST_CASE("work without a guard is never given up, and all of it is with one") {
  const CorpusText corpus = small_corpus();
  const std::unique_ptr<Translator> translator = new_translator(small_config(), corpus);
  translator->model.eval();
  Translator* const only = translator.get();
  const std::vector<Pair> pairs = translator->encode(corpus.valid);
  gradus::ThreadPool pool(2);
  {
    const InterruptGuard guard;
    std::raise(SIGINT);
    CHECK_THROWS_AS(cross_entropy(translator->model, pairs, pool), Interrupted);
    CHECK_THROWS_AS(best_translations(*translator, corpus.valid.source, {}, pool), Interrupted);
    CHECK_THROWS_AS(best_translations(*translator, corpus.valid.source, {.sample = true}, pool), Interrupted);
    CHECK_THROWS_AS(score_pairs({&only, 1}, corpus.valid, pool), Interrupted);
  }
  CHECK_NOTHROW(cross_entropy(translator->model, pairs, pool));
  CHECK_NOTHROW(best_translations(*translator, corpus.valid.source, {}, pool));
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
