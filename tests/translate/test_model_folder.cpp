#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/base/read_file.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/translator/model_folder.h"
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
