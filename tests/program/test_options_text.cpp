#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "examples/translate/text/text.h"
#include "examples/translate/text/unicode.h"
#include "tests/program/option_tests.h"
#include "tests/program/training_run.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

using Words = std::set<std::string>;

Words words_of(const Language& language) {
  Words words;
  for (std::size_t i = kEnd + 1; i < language.vocabulary.size(); ++i)
    words.insert(language.vocabulary.word(static_cast<int>(i)));
  return words;
}

bool knows(const Language& language, const std::string& line) {
  return std::ranges::count(language.encode(line), kUnknown) == 0;
}

std::string there_and_back(const Language& language, const std::string& line) {
  return language.text(language.encode(line));
}

constexpr const char* kUnheard = "Xenophon's thermometer, 37 °C.";

void check_subwords(OptionTrial& trial) {
  const PreparedTraining without(trial.without), with(trial.with);
  CHECK_FALSE(knows(without.translator->source, kUnheard));
  for (const Language* language : {&with.translator->source, &with.translator->target}) {
    CHECK(language->vocabulary.size() == 400);
    CHECK(knows(*language, kUnheard));
    CHECK(there_and_back(*language, kUnheard) == kUnheard);
    CHECK(language->split(kUnheard).size() > 8);
  }
  TrainConfig other = trial.with;  // the two kinds find other pieces
  other.tokenizer = other.tokenizer == TokenizerKind::Bpe ? TokenizerKind::Unigram : TokenizerKind::Bpe;
  CHECK(words_of(PreparedTraining(other).translator->target) != words_of(with.translator->target));
}

void check_words(OptionTrial& trial) {
  const PreparedTraining without(trial.without), with(trial.with);
  const auto with_stop = [](const Words& words) {
    return std::ranges::count_if(words, [](const std::string& word) { return word.ends_with('.') && word != "￭."; });
  };
  CHECK(with_stop(words_of(without.translator->target)) > 50);
  CHECK(with_stop(words_of(with.translator->target)) == 0);
  CHECK(words_of(with.translator->target).contains("￭."));
  CHECK(there_and_back(with.translator->source, "The cat slept.") == "The cat slept.");
  CHECK(with.translator->source.encode("The cat slept.").size() == 5);  // </s> is the fifth
}

void check_joint(OptionTrial& trial) {
  const PreparedTraining without(trial.without), with(trial.with);
  const Words source = words_of(without.translator->source), target = words_of(without.translator->target);
  CHECK_FALSE(source.contains("chat"));
  CHECK_FALSE(target.contains("cat"));
  Words both = source;
  both.insert(target.begin(), target.end());
  CHECK(words_of(with.translator->source) == both);
  CHECK(words_of(with.translator->target) == both);
}

void check_vocabulary_size(OptionTrial& trial) {
  const PreparedTraining without(trial.without), with(trial.with);
  CHECK(without.translator->source.vocabulary.size() > 60);
  CHECK(with.translator->source.vocabulary.size() == 60);
  CHECK(with.translator->target.vocabulary.size() == 60);
}

/// How often each word stands in a file.
std::map<std::string, int> frequencies(const std::string& path) {
  std::map<std::string, int> result;
  for (const std::string& line : read_lines(path)) {
    for (const std::string_view word : split_words(line)) ++result[std::string(word)];
  }
  return result;
}

void check_min_frequency(OptionTrial& trial) {
  Words frequent, all;
  for (const auto& [word, count] : frequencies(trial.with.train[1])) {
    all.insert(word);
    if (count >= 5) frequent.insert(word);
  }
  CHECK(frequent.size() < all.size() / 2);
  CHECK(words_of(PreparedTraining(trial.with).translator->target) == frequent);
  CHECK(words_of(PreparedTraining(trial.without).translator->target) == all);
}

void check_max_length(OptionTrial& trial) {
  const PreparedTraining without(trial.without), with(trial.with);
  const ParallelText text = read_parallel(trial.with.train[0], trial.with.train[1]);
  std::size_t expected = 0;
  for (std::size_t i = 0; i < text.source.size(); ++i)
    expected += split_words(text.source[i]).size() <= 6 && split_words(text.target[i]).size() <= 6;
  CHECK(expected > 50);
  CHECK(expected < 250);
  CHECK(without.corpus.train.size() == 320);
  CHECK(with.corpus.train.size() == expected);
  CHECK(with.corpus.too_long == 320 - expected);
  CHECK(with.corpus.valid.size() == 24);  // all of the validation text counts
}

void check_lowercase(OptionTrial& trial) {
  const PreparedTraining without(trial.without), with(trial.with);
  const auto capitals = [](const Words& words) {
    return std::ranges::count_if(words, [](const std::string& word) { return lower_case(word) != word; });
  };
  CHECK(capitals(words_of(without.translator->source)) > 10);
  CHECK(capitals(words_of(with.translator->source)) == 0);
  CHECK(capitals(words_of(with.translator->target)) == 0);
  CHECK(with.translator->source.encode("THE cat") == with.translator->source.encode("the CAT"));
  CHECK(without.translator->source.encode("THE cat") != without.translator->source.encode("the CAT"));
}

void check_train(OptionTrial& trial) {
  const PreparedTraining without(trial.without), with(trial.with);
  CHECK(without.corpus.train.size() == 320);
  CHECK(with.corpus.train.size() == 24);
  CHECK(with.translator->source.vocabulary.size() < without.translator->source.vocabulary.size());
}

void check_valid(OptionTrial& trial) {
  CHECK(PreparedTraining(trial.without).corpus.valid.size() == 24);
  const PreparedTraining with(trial.with);
  CHECK(with.corpus.valid.size() == 320);
  CHECK(with.corpus.valid_text.target == read_lines(small_toy_files().train[1]));
}

void check_hold_out(OptionTrial& trial) {
  const PreparedTraining without(trial.without), with(trial.with);
  CHECK(without.corpus.valid.size() == 32);  // a tenth
  CHECK(with.corpus.valid.size() == 5);
  CHECK(with.corpus.train.size() + with.corpus.copies == 320 - 5);
}

void check_toy(OptionTrial& trial) {
  const PreparedTraining with(trial.with);
  CHECK(with.corpus.train.size() == ToySizes().train);
  CHECK(with.corpus.valid.size() == ToySizes().valid);
  CHECK(with.translator->target.split("l'homme n'a pas") == std::vector<std::string>{"l'", "homme", "n'", "a", "pas"});
  CHECK(there_and_back(with.translator->target, "l'homme n'a pas") == "l'homme n'a pas");
  trial.with.max_length = 1;
  CHECK_THROWS_WITH_AS(PreparedTraining{trial.with},
                       "the toy language: no sentence pair to use; 25000 have more than 1 words on a side; raise "
                       "--max-length",
                       Error);
}

/// Training reads more pieces, other ones each epoch; validation reads the best ones.
void check_drawn_subwords(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with), again(trial.with);
  const auto words_of_epoch = [](const TrainingRun& run, int epoch) {
    std::int64_t words = 0;
    for (const TrainingLog::Step& step : run.history.steps) words += step.epoch == epoch ? step.words : 0;
    return words;
  };
  CHECK(words_of_epoch(without, 1) == words_of_epoch(without, 2));
  CHECK(static_cast<double>(words_of_epoch(with, 1)) > 1.05 * static_cast<double>(words_of_epoch(without, 1)));
  CHECK(words_of_epoch(with, 1) != words_of_epoch(with, 2));
  CHECK(with.last == again.last);
  const PreparedTraining plain(trial.without), drawn(trial.with);
  CHECK(fingerprint(plain.corpus.train, plain.corpus.valid) == fingerprint(drawn.corpus.train, drawn.corpus.valid));
}

/// A step's words are those of its pairs and of the pairs that are appended to some of them.
void check_concatenate(OptionTrial& trial) {
  const TrainingRun without(trial.without), with(trial.with), again(trial.with);
  CHECK(with.last == again.last);
  const auto words = [](const TrainingRun& run) {
    std::int64_t sum = 0;
    for (const TrainingLog::Step& step : run.history.steps) sum += step.words;
    return static_cast<double>(sum);
  };
  CHECK(words(with) > 1.3 * words(without));
  CHECK(words(with) < 1.6 * words(without));
}

std::string json_files(const std::vector<std::string>& files) {
  return fmt::format(R"(["{}", "{}"])", files[0], files[1]);
}

}

std::vector<OptionTest> gradus::translate::text_option_tests() {
  const ToyFiles& files = small_toy_files();
  return {
      {"train", json_files(files.valid), "", check_train},
      {"valid", json_files(files.train), "", check_valid},
      {"hold_out", "5", R"({"valid": []})", check_hold_out},
      {"toy", "true", "", check_toy},
      {"tokenizer", R"("words")", "", check_words},
      {"tokenizer", R"("bpe")", R"({"vocabulary_size": 400})", check_subwords},
      {"tokenizer", R"("unigram")", R"({"vocabulary_size": 400})", check_subwords},
      {"vocabulary_size", "60", "", check_vocabulary_size},
      {"joint", "true", R"({"tokenizer": "words"})", check_joint},
      {"min_frequency", "5", "", check_min_frequency},
      {"max_length", "6", "", check_max_length},
      {"lowercase", "true", "", check_lowercase},
      {"concatenate", "0.5", "", check_concatenate},
      {"subword_dropout", "0.3", R"({"tokenizer": "bpe", "vocabulary_size": 400})", check_drawn_subwords},
      {"subword_sampling", "0.2", R"({"tokenizer": "unigram", "vocabulary_size": 400})", check_drawn_subwords},
  };
}
