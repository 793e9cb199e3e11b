#include <doctest/doctest.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "autograd/error.h"
#include "examples/translate/base/read_file.h"
#include "examples/translate/text/text.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/training/trainer.h"
#include "examples/translate/translator/translate.h"
#include "nn/storage/safetensors.h"
#include "tests/support/temporary_folder.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

CorpusText small_corpus() {
  const ToyCorpus toy = make_toy_corpus(1, {.train = 320, .valid = 24, .test = 0, .test_long = 0});
  return {toy_text(toy.train), toy_text(toy.valid)};
}

TrainConfig small_config() {
  TrainConfig config = TrainConfig::toy_preset();
  config.embedding = config.hidden = config.attention.size = 16;
  config.batch_size = 32;
  config.epochs = 2;
  config.schedule = Schedule::Plateau;
  config.learning_rate = 0.02;
  config.threads = 2;
  return config;
}

std::unique_ptr<Translator> new_translator(const TrainConfig& config, const CorpusText& corpus) {
  return std::make_unique<Translator>(config, learn_languages(corpus.train, language_options(config)));
}

/// A stream that raises SIGINT at its n-th line, as a user might who watches the progress.
struct InterruptingStream {
  explicit InterruptingStream(int line) : lines_left(line) {
    const auto write = [](void* self, const char* text, size_t size) -> ssize_t {
      const bool ends_line = size > 0 && text[size - 1] == '\n';
      if (ends_line && --static_cast<InterruptingStream*>(self)->lines_left == 0) std::raise(SIGINT);
      return static_cast<ssize_t>(size);
    };
    file = ::fopencookie(this, "w", {.read = nullptr, .write = write, .seek = nullptr, .close = nullptr});
  }
  ~InterruptingStream() { std::fclose(file); }

  int lines_left;
  std::FILE* file;
};

/// Runs a training in the folder, as `gradus train` does: a new one, or the one that is there.
struct Session {
  Session(const std::string& directory, const TrainConfig& config, const CorpusText& corpus, bool resume,
          int interrupt_at = 0)
      : stream(interrupt_at),
        progress(stream.file, 0),
        translator(resume ? load_words(directory, config) : new_translator(config, corpus)) {
    if (!resume) create_model(directory, *translator);
    trainer = std::make_unique<Trainer>(*translator, encode_corpus(corpus, *translator, config), directory, progress);
    if (resume) trainer->resume();
  }

  InterruptingStream stream;
  Progress progress;
  std::unique_ptr<Translator> translator;
  std::unique_ptr<Trainer> trainer;
};

/// The numbers of a safetensors file, without its header, which says how long the training took.
std::string numbers(const std::string& path) {
  const std::string bytes = read_file(path);
  std::uint64_t header = 0;
  REQUIRE(bytes.size() > sizeof header);
  std::memcpy(&header, bytes.data(), sizeof header);
  return bytes.substr(sizeof header + header);
}

bool same_training(const TemporaryFolder& a, const TemporaryFolder& b) {
  return numbers(a.file("last.safetensors")) == numbers(b.file("last.safetensors")) &&
         numbers(a.file("model.safetensors")) == numbers(b.file("model.safetensors"));
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

TEST_CASE("a training is not resumed with another text") {
  CorpusText corpus = small_corpus();
  const TemporaryFolder folder;
  Session(folder.path(), small_config(), corpus, false, 3).trainer->run();
  for (std::string* line : {&corpus.train.target.back(), &corpus.valid.source.front()}) {
    const std::string other = std::exchange(*line, corpus.train.source.front());
    CHECK_THROWS_WITH_AS(Session(folder.path(), small_config(), corpus, true),
                         doctest::Contains("began with another training or validation text"), Error);
    *line = other;
  }
  CHECK_NOTHROW(Session(folder.path(), small_config(), corpus, true));
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
      {"clip", [](TrainConfig& c) { c.clip = 0.1; }},
      {"average", [](TrainConfig& c) { c.average_decay = 0.9; }},
      {"batches of words", [](TrainConfig& c) { c.batch_tokens = 300; }},
      {"accumulation", [](TrainConfig& c) { c.accumulate = 2; }},
      {"scheduled sampling", [](TrainConfig& c) { c.scheduled_sampling = 0.5; }},
      {"hard attention", [](TrainConfig& c) { c.attention.scope = ScopeKind::Hard; }},
      {"word dropout", [](TrainConfig& c) { c.word_dropout = 0.2; }},
      {"recurrent dropout", [](TrainConfig& c) { c.recurrent_dropout = 0.2; }},
      {"seed", [](TrainConfig& c) { c.seed = 2; }},
  };
  const CorpusText corpus = small_corpus();
  const TemporaryFolder base;
  Session(base.path(), small_config(), corpus, false).trainer->run();
  for (const Option& option : options) {
    CAPTURE(option.name);
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
                       (parts.file("log.jsonl") + ":23: not a line of a training's log").c_str(), gradus::Error);
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

TEST_CASE("the best model is that of the best BLEU, and of equal ones that of the lowest loss") {
  TrainState state;
  CHECK(state.is_beaten_by(0, 9));  // the first validation
  state.best_bleu = 20;
  state.best_loss = 3;
  CHECK(state.is_beaten_by(20.1, 4));
  CHECK_FALSE(state.is_beaten_by(19.9, 2));
  CHECK(state.is_beaten_by(20, 2.9));
  CHECK_FALSE(state.is_beaten_by(20, 3));
}

TEST_CASE("the learning rate falls, and the training ends, when BLEU stops rising") {
  const TemporaryFolder folder;
  TrainConfig config = small_config();
  config.learning_rate = 1e-30;  // nothing moves
  config.epochs = 10;
  config.patience = 2;
  const CorpusText corpus = small_corpus();
  Session session(folder.path(), config, corpus, false);
  CHECK(session.trainer->run() == Trainer::End::Patience);
  CHECK(session.trainer->state().epoch == 3);
  CHECK(session.trainer->state().best_epoch == 1);
  CHECK(session.trainer->state().learning_rate == 0.25e-30);
}

TEST_CASE("embeddings begin with the deviation of the configuration, all else without regard to it") {
  TrainConfig config = small_config();
  const auto deviation = [](const gradus::Parameter& parameter) {
    double squares = 0;
    for (const double x : parameter.value()) squares += x * x;
    return std::sqrt(squares / static_cast<double>(parameter.size()));
  };
  config.embedding_deviation = 0.1;
  Seq2Seq small(config.model(500, 500));
  config.embedding_deviation = 1;
  Seq2Seq large(config.model(500, 500));
  CHECK(deviation(small.encoder().embedding->weight) == doctest::Approx(0.1).epsilon(0.05));
  CHECK(deviation(large.encoder().embedding->weight) == doctest::Approx(1).epsilon(0.05));
  CHECK(deviation(large.decoder().output().weight) == deviation(small.decoder().output().weight));
}

TEST_CASE("a training that is no longer made of numbers says so") {
  const TemporaryFolder folder;
  const CorpusText corpus = small_corpus();
  Session session(folder.path(), small_config(), corpus, false);
  for (gradus::Parameter* parameter : session.translator->model.parameters()) {
    if (parameter->name() == "decoder.output.bias") parameter->value()[0] = NAN;
  }
  CHECK_THROWS_WITH_AS(session.trainer->run(), doctest::Contains("at step 1; try a lower --learning-rate"),
                       gradus::Error);
}

TEST_CASE("the last epochs are kept, and their mean is the mean of each number") {
  const TemporaryFolder folder, mean;
  const CorpusText corpus = small_corpus();
  TrainConfig config = small_config();
  config.epochs = 4;
  config.keep_epochs = 2;
  Session session(folder.path(), config, corpus, false);
  session.trainer->run();
  const std::vector<std::string> files = kept_epochs(folder.path());
  REQUIRE(files ==
          std::vector<std::string>{folder.file("epoch-0003.safetensors"), folder.file("epoch-0004.safetensors")});

  std::vector<std::vector<double>> expected;
  for (const std::string& file : files) {
    load(session.translator->model, file);
    size_t p = 0;
    for (gradus::Parameter* parameter : session.translator->model.parameters()) {
      if (expected.size() == p) expected.emplace_back(parameter->size());
      for (size_t i = 0; i < parameter->size(); ++i) expected[p][i] += parameter->value()[i] / 2;
      ++p;
    }
  }
  CHECK_FALSE(numbers(files[0]) == numbers(files[1]));
  create_model(mean.path(), *session.translator);
  save_mean(mean.path(), *session.translator, files);
  const std::unique_ptr<Translator> loaded = load_translator(mean.path());
  size_t p = 0;
  for (gradus::Parameter* parameter : loaded->model.parameters()) {
    for (size_t i = 0; i < parameter->size(); ++i) {
      REQUIRE(parameter->value()[i] == doctest::Approx(expected[p][i]).epsilon(1e-6));
    }
    ++p;
  }
  CHECK(describe_training(mean.path()) == "the mean of epoch-0003.safetensors, epoch-0004.safetensors");
  CHECK_THROWS_AS(save_mean(mean.path(), *session.translator, {folder.file("config.json")}), gradus::Error);
  create_model(folder.path(), *session.translator);
  CHECK(kept_epochs(folder.path()).empty());
}

TEST_CASE("seeds: each has a folder of its own, and only folders with a model count") {
  const TemporaryFolder folder;
  const CorpusText corpus = small_corpus();
  const std::unique_ptr<Translator> translator = new_translator(small_config(), corpus);
  CHECK(seeds_in(folder.path()).empty());
  CHECK(seeds_in(folder.file("none")).empty());
  for (const std::uint64_t seed : {10, 9}) create_model(seed_folder(folder.path(), seed), *translator);
  create_model(folder.file("seed-007"), *translator);
  create_model(folder.file("seed-"), *translator);
  create_model(folder.file("seed-3x"), *translator);
  std::filesystem::create_directory(folder.file("seed-4"));
  CHECK(seeds_in(folder.path()) == std::vector<std::uint64_t>{9, 10});
  CHECK_THROWS_WITH_AS(load_config(folder.path()),
                       doctest::Contains(("several seeds; name one of them, such as " + folder.file("seed-9")).c_str()),
                       gradus::Error);

  CHECK_FALSE(has_begun(folder.file("seed-9")));
  save_best(folder.file("seed-9"), *translator, {});
  CHECK(has_begun(folder.file("seed-9")));
  std::ofstream(folder.file("seed-10/notes.txt")) << "mine";
  for (const std::uint64_t seed : {9, 10}) remove_model(seed_folder(folder.path(), seed));
  CHECK(seeds_in(folder.path()).empty());
  CHECK_FALSE(std::filesystem::exists(folder.file("seed-9")));
  CHECK(read_file(folder.file("seed-10/notes.txt")) == "mine");
}

TEST_CASE("what was saved translates as what was trained") {
  const TemporaryFolder folder;
  TrainConfig config = small_config();
  config.epochs = 6;
  const CorpusText corpus = small_corpus();
  ThreadPool one(1), two(2);
  Session session(folder.path(), config, corpus, false);
  session.trainer->run();
  save_best(folder.path(), *session.translator, session.trainer->state());
  session.translator->model.eval();
  const std::vector<std::string> lines = {"the black cat ate the mouse", "", "  ", "the cat slept"};
  const std::vector<std::string> expected = best_translations(*session.translator, lines, {.beam = 3}, two);
  const std::unique_ptr<Translator> loaded = load_translator(folder.path());
  CHECK(best_translations(*loaded, lines, {.beam = 3}, one) == expected);
  CHECK_FALSE(expected[0].empty());
  CHECK(expected[1].empty());
  CHECK(expected[2].empty());
  CHECK(describe_training(folder.path()).starts_with("trained for "));

  // As PyTorch would write it back: the same names and numbers, no word of the training.
  save(loaded->model, folder.path() + "/model.safetensors");
  CHECK(best_translations(*load_translator(folder.path()), lines, {.beam = 3}, one) == expected);
  CHECK(describe_training(folder.path()) == "its training is not described; another program wrote the parameters");
}
