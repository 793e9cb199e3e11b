#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/translator/model_folder.h"
#include "examples/translate/translator/new_model.h"
#include "examples/translate/translator/translate.h"
#include "nn/storage/safetensors.h"
#include "tests/support/temporary_folder.h"
#include "tests/translate/training_session.h"

using namespace gradus;
using namespace gradus::translate;

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
  load_mean(*session.translator, files);
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
  CHECK_THROWS_AS(load_mean(*session.translator, {folder.file("config.json")}), gradus::Error);
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
  CHECK_FALSE(holds_work(folder.file("seed-9")));
  save_best(folder.file("seed-9"), *translator, {});
  CHECK(holds_work(folder.file("seed-9")));
  CHECK_FALSE(has_begun(folder.file("seed-9")));  // there is nothing to go on from
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

TEST_CASE("kept epochs are in the order of their numbers, and only files of exactly such a name count") {
  const TemporaryFolder folder;
  const std::unique_ptr<Translator> translator = new_translator(small_config(), small_corpus());
  create_model(folder.path(), *translator);
  const std::vector<std::string> strangers = {
      "epoch-1.safetensors",    "epoch-00012.safetensors",    "epoch-12a.safetensors",   "epoch-.safetensors",
      "epoch--001.safetensors", "epoch-0001.safetensors.bak", "my epoch-01.safetensors", "epoch-best.safetensors"};
  for (const std::string& name : strangers) std::ofstream(folder.file(name)) << "mine";
  for (const int epoch : {9'999, 10'000, 10'001}) {
    TrainState state;
    state.epoch = epoch;
    save_epoch(folder.path(), *translator, state, 2);
  }
  CHECK(kept_epochs(folder.path()) ==
        std::vector<std::string>{folder.file("epoch-10000.safetensors"), folder.file("epoch-10001.safetensors")});
  for (const std::string& name : strangers) CHECK(read_file(folder.file(name)) == "mine");
}

TEST_CASE("a new model takes the place of an old one at once") {
  const TemporaryFolder folder;
  TrainConfig config = small_config();
  const CorpusText corpus = small_corpus();
  Session(folder.path(), config, corpus, false).trainer->run();
  std::ofstream(folder.file("notes.txt")) << "mine";
  const std::string old_config = read_file(folder.file("config.json")),
                    old_best = read_file(folder.file("model.safetensors"));

  config.hidden = 24;
  const std::unique_ptr<Translator> translator = new_translator(config, corpus);
  const auto fail_midway = [](const std::string&) { fail("disk full"); };
  CHECK_THROWS_AS(prepare_model(folder.path(), *translator, fail_midway), gradus::Error);
  CHECK(read_file(folder.file("config.json")) == old_config);
  CHECK(read_file(folder.file("model.safetensors")) == old_best);
  CHECK_NOTHROW(load_translator(folder.path()));

  // In the middle of the move: the new one is in a folder of its own, whole, and what is outside of it is the old
  // one's.
  const std::string next = folder.file(".next-model");
  create_model(next, *translator);
  CHECK(load_config(folder.path()).hidden == 24);
  CHECK_FALSE(holds_work(folder.path()));
  std::ofstream(folder.file("last.safetensors.gradus-tmp")) << "half";
  std::ofstream(folder.file("notes.txt.gradus-tmp")) << "mine";
  { const FolderLock lock = lock_model("train", folder.path()); }
  CHECK_FALSE(std::filesystem::exists(next));
  CHECK_FALSE(std::filesystem::exists(folder.file("last.safetensors.gradus-tmp")));
  CHECK(load_config(folder.path()).hidden == 24);
  CHECK_FALSE(std::filesystem::exists(folder.file("model.safetensors")));
  for (const char* name : {"notes.txt", "notes.txt.gradus-tmp"}) CHECK(read_file(folder.file(name)) == "mine");
}

TEST_CASE("what a new model may replace without being told to") {
  const TemporaryFolder folder;
  const std::unique_ptr<Translator> translator = new_translator(small_config(), small_corpus());
  CHECK_NOTHROW(require_no_work("train", folder.file("none")));
  CHECK_NOTHROW(require_no_work("train", folder.path()));
  create_model(folder.path(), *translator);
  CHECK_NOTHROW(require_no_work("train", folder.path()));
  save_best(folder.path(), *translator, {});
  CHECK_THROWS_WITH_AS(require_no_work("train", folder.path()),
                       ("train: " + folder.path() + " holds a model already; --force replaces it").c_str(),
                       gradus::Error);
  for (const char* name : {"config.json", "source.vocab", "log.jsonl", "last.safetensors"}) {
    const TemporaryFolder other;
    std::ofstream(other.file(name)) << "of another program";
    const std::string message = "train: " + other.file(name) + " is there already; --force replaces it";
    CHECK_THROWS_WITH_AS(require_no_work("train", other.path()), message.c_str(), gradus::Error);
  }
}
