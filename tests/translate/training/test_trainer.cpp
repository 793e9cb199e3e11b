#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "autograd/error.h"
#include "autograd/inspect/check.h"
#include "examples/translate/config/config_file.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/report/gradient_report.h"
#include "examples/translate/text/text.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/training/trainer.h"
#include "examples/translate/translator/translate.h"
#include "tests/support/temporary_folder.h"
#include "tests/translate/training_session.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

bool same_norms(const std::vector<ModuleNorm>& a, const std::vector<ModuleNorm>& b) {
  return std::ranges::equal(
      a, b, [](const ModuleNorm& x, const ModuleNorm& y) { return x.module == y.module && x.norm == y.norm; });
}

}

TEST_CASE("training lowers the loss of text it has not seen") {
  const TemporaryFolder folder;
  const CorpusText corpus = small_corpus();
  TrainConfig config = small_config();
  config.epochs = 6;
  ThreadPool one(1), two(2);
  Session session(folder.path(), config, corpus, false);
  const std::vector<Pair> valid = session.translator->encode(corpus.valid);

  session.translator->model.eval();
  const double before = cross_entropy(session.translator->model, valid, one);
  CHECK(before ==
        doctest::Approx(std::log(static_cast<double>(session.translator->target.vocabulary.size()))).epsilon(0.05));
  CHECK(session.trainer->run() == Trainer::End::Epochs);
  session.translator->model.eval();
  CHECK(cross_entropy(session.translator->model, valid, two) < 0.8 * before);

  const TrainState& state = session.trainer->state();
  CHECK(state.epoch == 6);
  CHECK(state.batch == 0);
  CHECK(state.step == 60);
  CHECK(state.best_epoch >= 1);
}

TEST_CASE("a training that is interrupted and resumed ends with the same bits") {
  const CorpusText corpus = small_corpus();
  for (const char* fields : {R"({"attention": "bahdanau"})", R"({"attention": "luong"})", R"({"attention": "none"})",
                             R"({"architecture": "transformer"})"}) {
    TrainConfig config = small_config();
    read_config_text("fields", fields, config);
    const TemporaryFolder whole, parts;
    CHECK(Session(whole.path(), config, corpus, false).trainer->run() == Trainer::End::Epochs);

    Session first(parts.path(), config, corpus, false, 3);
    CHECK(first.trainer->run() == Trainer::End::Interrupted);
    CHECK(first.trainer->state().batch == 3);
    CHECK_FALSE(std::filesystem::exists(parts.file("model.safetensors")));

    config.threads = 1;  // another machine
    Session second(parts.path(), config, corpus, true, 12);
    CHECK(second.trainer->run() == Trainer::End::Interrupted);
    CHECK(second.trainer->state().epoch == 1);

    CHECK(Session(parts.path(), config, corpus, true).trainer->run() == Trainer::End::Epochs);
    CHECK(same_training(whole, parts));
  }
}

TEST_CASE("a training without a validation at each epoch ends with the same bits, wherever it is interrupted") {
  const CorpusText corpus = small_corpus();
  TrainConfig config = small_config();
  config.epochs = 5;  // of 10 steps
  config.valid_steps = 25;
  config.plateau_steps = 1;
  config.average_decay = 0.9;
  const TemporaryFolder whole;
  CHECK(Session(whole.path(), config, corpus, false).trainer->run() == Trainer::End::Epochs);
  for (const int line : {4, 10, 11, 17, 30, 32, 41}) {
    CAPTURE(line);
    const TemporaryFolder parts;
    CHECK(Session(parts.path(), config, corpus, false, line).trainer->run() == Trainer::End::Interrupted);
    CHECK(Session(parts.path(), config, corpus, true).trainer->run() == Trainer::End::Epochs);
    CHECK(same_training(whole, parts));
  }
}

TEST_CASE("a training is not resumed with another text") {
  const CorpusText corpus = small_corpus();
  ParallelText train;
  corpus.train.for_each([&](std::string_view source, std::string_view target, std::size_t line) {
    train.add(std::string(source), std::string(target), line);
  });
  const TemporaryFolder folder;
  Session(folder.path(), small_config(), corpus, false, 3).trainer->run();
  const auto resume = [&](const CorpusText& text) { Session(folder.path(), small_config(), text, true); };
  CorpusText other_train = corpus, other_valid = corpus;
  other_valid.valid.source.front() = train.source.front();
  ParallelText changed = train;
  changed.target.back() = train.source.front();
  other_train.train = changed;
  for (const CorpusText& other : {other_train, other_valid}) {
    CHECK_THROWS_WITH_AS(resume(other), doctest::Contains("began with another training or validation text"), Error);
  }
  CHECK_NOTHROW(resume(corpus));
}

TEST_CASE("every option changes the training, which can be interrupted and resumed with it") {
  struct Option {
    const char* name;
    void (*change)(TrainConfig&);
  };
  const std::vector<Option> options = {
      {"sgd", [](TrainConfig& c) { c.optimizer = OptimizerKind::Sgd; }},
      {"adadelta", [](TrainConfig& c) { c.optimizer = OptimizerKind::Adadelta; }},
      {"cosine", [](TrainConfig& c) { c.schedule = Schedule::Cosine; }},
      {"inverse square root", [](TrainConfig& c) { c.schedule = Schedule::InverseSqrt; }},
      {"halving", [](TrainConfig& c) { c.schedule = Schedule::Halving, c.halve_after = 1; }},
      {"warm-up", [](TrainConfig& c) { c.warm_up = 10; }},
      {"weight decay", [](TrainConfig& c) { c.weight_decay = 0.1; }},
      {"label smoothing", [](TrainConfig& c) { c.label_smoothing = 0.1; }},
      {"R-Drop", [](TrainConfig& c) { c.r_drop = 5; }},
      {"clip", [](TrainConfig& c) { c.clip = 0.1; }},
      {"average", [](TrainConfig& c) { c.average_decay = 0.9; }},
      {"mean of the last epochs", [](TrainConfig& c) { c.average_last = 2, c.epochs = 3; }},
      {"batches of words", [](TrainConfig& c) { c.batch_tokens = 300; }},
      {"accumulation", [](TrainConfig& c) { c.accumulate = 2; }},
      {"scheduled sampling", [](TrainConfig& c) { c.scheduled_sampling = 0.5; }},
      {"hard attention", [](TrainConfig& c) { c.attention.scope = "hard"; }},
      {"monotonic attention",
       [](TrainConfig& c) { c.attention.scope = "monotonic", c.bidirectional = false, c.bridge = Bridge::Zero; }},
      {"word dropout", [](TrainConfig& c) { c.word_dropout = 0.2; }},
      {"recurrent dropout", [](TrainConfig& c) { c.recurrent_dropout = 0.2; }},
      {"BPE-dropout",
       [](TrainConfig& c) { c.tokenizer = TokenizerKind::Bpe, c.vocabulary_size = 400, c.subword_dropout = 0.2; }},
      {"unigram sampling",
       [](TrainConfig& c) { c.tokenizer = TokenizerKind::Unigram, c.vocabulary_size = 400, c.subword_sampling = 0.2; }},
      {"concatenation", [](TrainConfig& c) { c.concatenate = 0.5; }},
      {"seed", [](TrainConfig& c) { c.seed = 2; }},
  };
  const CorpusText corpus = small_corpus();
  const TemporaryFolder base;
  Session(base.path(), small_config(), corpus, false).trainer->run();
  for (const Option& option : options) {
    CAPTURE(std::string(option.name));
    TrainConfig config = small_config();
    option.change(config);
    const TemporaryFolder whole, parts;
    CHECK(Session(whole.path(), config, corpus, false).trainer->run() == Trainer::End::Epochs);
    CHECK_FALSE(numbers(whole.file("model.safetensors")) == numbers(base.file("model.safetensors")));
    CHECK(Session(parts.path(), config, corpus, false, 3).trainer->run() == Trainer::End::Interrupted);
    CHECK(Session(parts.path(), config, corpus, true).trainer->run() == Trainer::End::Epochs);
    CHECK(same_training(whole, parts));
  }
}

TEST_CASE("gradients of batches that make one step are those of one batch") {
  // Without dropout; the batches hold the same pairs, but other shards.
  const CorpusText corpus = small_corpus();
  TrainConfig config = small_config();
  config.dropout = 0;
  config.epochs = 1;
  config.shards = 1;
  const auto first_loss = [&](int batch_size, int accumulate) {
    const TemporaryFolder folder;
    config.batch_size = batch_size;
    config.accumulate = accumulate;
    Session(folder.path(), config, corpus, false).trainer->run();
    return read_training_log(folder.file("log.jsonl")).steps.front();
  };
  const TrainingLog::Step one = first_loss(320, 1), ten = first_loss(32, 10);
  CHECK(one.words == ten.words);
  CHECK(one.loss == doctest::Approx(ten.loss).epsilon(1e-5));
  CHECK(one.gradient_norm == doctest::Approx(ten.gradient_norm).epsilon(1e-4));
}

TEST_CASE("the log tells of every step and validation once, however often the training was interrupted") {
  const CorpusText corpus = small_corpus();
  const TrainConfig config = small_config();
  const TemporaryFolder whole, parts;
  Session(whole.path(), config, corpus, false).trainer->run();
  Session(parts.path(), config, corpus, false, 3).trainer->run();
  {
    std::ofstream(parts.file("log.jsonl"), std::ios::app) << R"({"step":4,"epoch":1,"loss":1.5,"lear)";  // cut off
    CHECK(read_training_log(parts.file("log.jsonl")).steps.size() == 3);
  }
  Session(parts.path(), config, corpus, true).trainer->run();
  const TrainingHistory expected = read_training_log(whole.file("log.jsonl"));
  const TrainingHistory history = read_training_log(parts.file("log.jsonl"));
  REQUIRE(expected.steps.size() == 20);
  REQUIRE(history.steps.size() == 20);
  for (size_t i = 0; i < 20; ++i) {
    CHECK(history.steps[i].step == i + 1);
    CHECK(history.steps[i].epoch == static_cast<int>(1 + i / 10));
    CHECK(history.steps[i].loss == expected.steps[i].loss);
    CHECK(history.steps[i].gradient_norm == expected.steps[i].gradient_norm);
    CHECK(same_norms(history.steps[i].gradient_norms, expected.steps[i].gradient_norms));
    CHECK(history.steps[i].words == expected.steps[i].words);
    CHECK(history.steps[i].learning_rate == expected.steps[i].learning_rate);
  }
  REQUIRE(history.validations.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    CHECK(history.validations[i].step == 10 * (i + 1));
    CHECK(history.validations[i].bleu == expected.validations[i].bleu);
    CHECK(history.validations[i].loss == expected.validations[i].loss);
    REQUIRE(history.validations[i].samples.size() == 5);
    CHECK(history.validations[i].samples[0].source == corpus.valid.source[0]);
    CHECK(history.validations[i].samples[4].translation == expected.validations[i].samples[4].translation);
  }
  std::ofstream(parts.file("log.jsonl"), std::ios::app) << "{\"step\":21}\n";
  CHECK_THROWS_WITH_AS(read_training_log(parts.file("log.jsonl")),
                       (parts.file("log.jsonl") + ":23: not a line of a training's log: epoch: missing").c_str(),
                       gradus::Error);
}

TEST_CASE("the log has the norms of each module, which are those of the whole gradient, for any number of threads") {
  const CorpusText corpus = small_corpus();
  TrainConfig config = small_config();
  config.epochs = 1;
  config.bridge = Bridge::Learned;
  config.clip = 0.01;
  const auto history_with = [&](int threads) {
    const TemporaryFolder folder;
    config.threads = threads;
    Session session(folder.path(), config, corpus, false);
    session.trainer->run();
    TrainingHistory history = read_training_log(folder.file("log.jsonl"));
    double squares = 0;
    for (const ModuleNorm& weights : history.validations.at(0).weight_norms) squares += weights.norm * weights.norm;
    CHECK(std::sqrt(squares) == doctest::Approx(value_norm(session.translator->model.parameters())).epsilon(1e-3));
    return history;
  };
  const TrainingHistory one = history_with(1), two = history_with(2);
  REQUIRE(one.steps.size() == 10);
  std::vector<std::string> modules;
  for (const ModuleNorm& module : one.steps[0].gradient_norms) modules.push_back(module.module);
  CHECK(modules == std::vector<std::string>{"encoder.embedding", "encoder.rnn", "decoder.embedding", "decoder",
                                            "decoder.cell", "decoder.pre_output", "decoder.output",
                                            "decoder.attention"});
  for (std::size_t i = 0; i < one.steps.size(); ++i) {
    double squares = 0;
    for (const ModuleNorm& module : one.steps[i].gradient_norms) squares += module.norm * module.norm;
    CHECK(std::sqrt(squares) == doctest::Approx(one.steps[i].gradient_norm).epsilon(1e-3));
    CHECK(same_norms(one.steps[i].gradient_norms, two.steps[i].gradient_norms));
  }
  CHECK(same_norms(one.validations[0].weight_norms, two.validations[0].weight_norms));
}

TEST_CASE("a gradient that explodes is found in the log of its training, and nothing in that of a good one") {
  const CorpusText corpus = small_corpus();
  TrainConfig config = small_config();
  config.epochs = 6;
  const auto findings = [&] {
    const TemporaryFolder folder;
    try {
      Session(folder.path(), config, corpus, false).trainer->run();
    } catch (const gradus::Error& error) {
      CHECK(std::string(error.what()).find("diverges") != std::string::npos);
      CHECK_FALSE(ModelFolder::has(folder.file("model.safetensors")));
    }
    return gradient_findings(read_training_log(folder.file("log.jsonl")), config.clip);
  };
  for (const CellKind cell : {CellKind::Lstm, CellKind::Rnn}) {
    config.cell = cell;
    config.learning_rate = 0.02;
    CHECK(findings() == std::vector<std::string>());
    config.learning_rate = 100;
    config.valid_steps = 1000;  // at the end alone
    const std::vector<std::string> absurd = findings();
    REQUIRE(absurd.size() == 2);
    CHECK(absurd[0].starts_with("The gradient vanishes in "));  // states that are all ±1 let nothing through
    CHECK(absurd[1].starts_with("The gradient explodes in "));
    CHECK(absurd[1].find("decoder.embedding (") != std::string::npos);
  }
  // Without attention and a bridge no gradient reaches the encoder.
  config.learning_rate = 0.02;
  config.attention.present = false;
  config.bridge = Bridge::Zero;
  REQUIRE(findings().size() == 1);
  CHECK(findings()[0].starts_with("The gradient vanishes in encoder.embedding (100%) and encoder.rnn (100%):"));
}

TEST_CASE("more epochs go on from the end as if there had been so many from the start") {
  const CorpusText corpus = small_corpus();
  TrainConfig config = small_config();
  const TemporaryFolder whole, parts;
  config.epochs = 1;
  CHECK(Session(parts.path(), config, corpus, false).trainer->run() == Trainer::End::Epochs);
  config.epochs = 2;
  CHECK(Session(parts.path(), config, corpus, true).trainer->run() == Trainer::End::Epochs);
  CHECK(Session(whole.path(), config, corpus, false).trainer->run() == Trainer::End::Epochs);
  CHECK(same_training(whole, parts));
}

TEST_CASE("embeddings begin with the deviation of the configuration, all else without regard to it") {
  TrainConfig config = small_config();
  const auto deviation = [](const gradus::Parameter& parameter) {
    double squares = 0;
    for (const double x : parameter.value()) squares += x * x;
    return std::sqrt(squares / static_cast<double>(parameter.size()));
  };
  config.embedding_deviation = 0.1;
  Seq2Seq small(config.with_words(500, 500));
  config.embedding_deviation = 1;
  Seq2Seq large(config.with_words(500, 500));
  CHECK(deviation(small.encoder().embedding->weight) == doctest::Approx(0.1).epsilon(0.05));
  CHECK(deviation(large.encoder().embedding->weight) == doctest::Approx(1).epsilon(0.05));
  CHECK(deviation(large.decoder().output().weight) == deviation(small.decoder().output().weight));
}

namespace {

/// What a training says whose weights are spoilt before it begins.
std::string training_complaint(const TrainConfig& config, const char* name, gradus::Real value) {
  const TemporaryFolder folder;
  const CorpusText corpus = small_corpus();
  Session session(folder.path(), config, corpus, false);
  for (gradus::Parameter* parameter : session.translator->model.parameters()) {
    if (parameter->name() == std::string_view(name)) std::ranges::fill(parameter->value(), value);
  }
  try {
    session.trainer->run();
  } catch (const gradus::Error& error) {
    return error.what();
  }
  return "";
}

}

TEST_CASE("a training that is no longer made of numbers says which op of which module began with it") {
  const Checking nothing(kCheckNothing);  // the trainer turns it on by itself
  const std::string text = training_complaint(small_config(), "decoder.output.bias", NAN);
  CHECK(text.starts_with(
      "train: update 1 (epoch 1, batch 1): the loss is nan and the gradient's norm nan; the first that "
      "is not finite: linear_cross_entropy: nan out of numbers that are not finite: l () is nan at (); "));
  CHECK(text.find("; b (257), the parameter decoder.output.bias, is nan at (0); need a finite l") != std::string::npos);
  CHECK(text.ends_with("; try a lower --learning-rate than 0.02 or a lower --clip"));

  TrainConfig config = small_config();
  config.clip = 0;
  config.accumulate = 2;
  const std::string grown =
      training_complaint(config, "decoder.output.weight", std::numeric_limits<gradus::Real>::max() / 4);
  CHECK(grown.starts_with("train: update 1 (epoch 1, batches 1 to 2): the loss is "));
  CHECK(grown.find("the first that is not finite: linear_cross_entropy: ") != std::string::npos);
  CHECK(grown.find(" out of finite numbers: l () is ") != std::string::npos);
  CHECK(grown.ends_with("; try a lower --learning-rate than 0.02, or --clip 1"));
  CHECK_FALSE(Checking::options().finite);
}

TEST_CASE("a training under the checking mode ends with the same bits, and names the step of an error") {
  const CorpusText corpus = small_corpus();
  TrainConfig config = small_config();
  config.epochs = 2;
  config.accumulate = 2;
  const TemporaryFolder plain, checked;
  {
    const Checking nothing(kCheckNothing);
    CHECK(Session(plain.path(), config, corpus, false).trainer->run() == Trainer::End::Epochs);
  }
  const Checking checking;
  config.threads = 2;
  CHECK(Session(checked.path(), config, corpus, false).trainer->run() == Trainer::End::Epochs);
  CHECK(same_training(plain, checked));
  CHECK(
      training_complaint(config, "encoder.embedding.weight", INFINITY)
          .starts_with("train: update 1 (epoch 1, batches 1 to 2): embedding: inf out of numbers that are not finite"));
}
