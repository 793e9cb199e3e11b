#include <doctest/doctest.h>

#include "autograd/error.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/translator/translation_output.h"
#include "nn/storage/atomic_file.h"
#include "nn/storage/json.h"
#include "tests/support/temporary_folder.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

using Words = std::vector<std::string>;

/// Three words and </s>, made of two words and </s>.
Hypothesis example() {
  return {.words = {4, kUnknown, kUnknown},
          .log_probability = -2,
          .score = -0.5,
          .attention = {Real(0.75), Real(0.25), 0,             //
                        Real(0.25), Real(0.5), Real(0.25),     //
                        Real(0.25), Real(0.125), Real(0.625),  //
                        0, 0, 1}};
}

Dictionary dictionary(const std::string& text) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/words.tsv";
  write_file_atomically(path, text);
  return Dictionary::load(path);
}

std::string text_complaint(const std::string& text) {
  try {
    dictionary(text);
  } catch (const Error& error) {
    const std::string message = error.what();
    return message.substr(message.find("words.tsv"));
  }
  return "";
}

/// What is written for the example, in the line 7 of the input.
std::string written(const OutputOptions& options, const Dictionary& dictionary = {}) {
  TrainConfig config;
  config.embedding = config.hidden = config.attention_size = 2;
  const Vocabulary words = Vocabulary::of({"<pad>", "<unk>", "<s>", "</s>", "two", "words"});
  const Translator translator(config, {Language(Vocabulary()), Language(words)});
  Hypothesis second = example();
  second.words = {5, 4, 5};
  second.log_probability = -4;
  second.score = -1;
  const Translation translation{{"Ulm", "grüßt"}, {example(), second}};
  return TranslationWriter(translator, options, dictionary).write(translation, "Ulm  grüßt", 7);
}

}

TEST_CASE("alignment: each word with the source word it attended to most, </s> with none") {
  CHECK(alignment(example()) == std::vector<Link>{{0, 0}, {1, 1}});
  CHECK(pharaoh({{0, 0}, {12, 3}}) == "0-0 12-3");
  CHECK(pharaoh({}).empty());
}

TEST_CASE("unknown words: replaced by the dictionary's or the source's") {
  const Hypothesis hypothesis = example();
  std::vector<std::string> words = {"two", "<unk>", "<unk>"};
  replace_unknown(words, hypothesis, {"Ulm", "grüßt"}, {});
  CHECK(words == std::vector<std::string>{"two", "grüßt", "Ulm"});  // the last one looked at </s> most
  words = {"two", "<unk>", "<unk>"};
  replace_unknown(words, hypothesis, {"Ulm", "grüßt"}, dictionary("grüßt\tsays  hello\n\nhaus\thouse\n"));
  CHECK(words == std::vector<std::string>{"two", "says hello", "Ulm"});
}

TEST_CASE("unknown words: a wrong dictionary is named with its line") {
  CHECK(text_complaint("a\tb\nhaus house\n") ==
        "words.tsv:2: not a dictionary entry: 'haus house'; need a source word, one tab, and its translation");
  CHECK(text_complaint("a\tb\tc\n") ==
        "words.tsv:1: not a dictionary entry: 'a\tb\tc'; need a source word, one tab, and its translation");
  CHECK(text_complaint("\ta\n") == "words.tsv:1: 0 words before the tab; need one source word");
  CHECK(text_complaint("das haus\thouse\n") == "words.tsv:1: 2 words before the tab; need one source word");
  CHECK(text_complaint("a\tb\n\nhaus\t \n") == "words.tsv:3: the word 'haus' has no translation");
  CHECK(text_complaint("a\tb\na\tc\n") == "words.tsv:2: the word 'a' stands here a second time");
  CHECK(text_complaint("a\tb\na\xff\tc\n") == "words.tsv:2: invalid UTF-8 at byte 2");
}

TEST_CASE("translation output: every form of it") {
  CHECK(written({}) == "two <unk> <unk>\n");
  CHECK(written({.alignments = true}) == "two <unk> <unk> ||| 0-0 1-1\n");
  CHECK(written({.n_best = true}) ==
        "7 ||| two <unk> <unk> ||| -2.000000 ||| -0.500000\n7 ||| words two words ||| -4.000000 ||| -1.000000\n");
  CHECK(written({.n_best = true, .alignments = true}).starts_with("7 ||| two <unk> <unk> ||| 0-0 1-1 ||| -2.0"));
  CHECK(written({.replace_unknown = true}) == "two grüßt Ulm\n");
  CHECK(written({.replace_unknown = true}, dictionary("Ulm\tulm\n")) == "two grüßt ulm\n");

  const auto json = [](const OutputOptions& options) {
    const std::string line = written(options);
    CHECK(line.find('\n') == line.size() - 1);
    return Json::parse(line);
  };
  const Json plain = json({.json = true});
  CHECK(plain["source"].as<std::string>() == "Ulm  grüßt");
  CHECK(plain["source_tokens"].items_as<std::string>() == Words{"Ulm", "grüßt"});
  CHECK(plain["translation"].as<std::string>() == "two <unk> <unk>");
  CHECK(plain["tokens"].items_as<std::string>() == Words{"two", "<unk>", "<unk>"});
  CHECK(plain["score"].as<double>() == -0.5);
  CHECK(plain["log_probability"].as<double>() == -2);
  for (const char* key : {"n_best", "alignment", "attention"}) CHECK(plain.find(key) == nullptr);
  const Json full =
      json({.n_best = true, .alignments = true, .json = true, .attention = true, .replace_unknown = true});
  CHECK(full["translation"].as<std::string>() == "two grüßt Ulm");
  CHECK(full["alignment"].as<std::string>() == "0-0 1-1");
  REQUIRE(full["attention"].size() == 4);
  CHECK(full["attention"][1].dump() == "[0.25,0.5,0.25]");
  REQUIRE(full["n_best"].size() == 2);
  CHECK(full["n_best"][1]["translation"].as<std::string>() == "words two words");
  CHECK(full["n_best"][1]["score"].as<double>() == -1);
}
