#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/text.h"
#include "examples/translate/vocabulary.h"

using namespace gradus;
using namespace gradus::translate;
using Words = std::vector<std::string>;

namespace {

/// A file of its own for a test, removed at the end.
struct TemporaryPath {
  std::string name = (std::filesystem::temp_directory_path() / ("gradus-vocab-" + std::to_string(::getpid()))).string();
  ~TemporaryPath() { std::remove(name.c_str()); }

  const std::string& with(const std::string& bytes) const {
    std::ofstream(name, std::ios::binary) << bytes;
    return name;
  }
};

Words words_of(const Vocabulary& vocabulary) {
  Words words;
  for (size_t i = 0; i < vocabulary.size(); ++i) words.push_back(vocabulary.word(static_cast<int>(i)));
  return words;
}

const std::vector<Words> kSentences = {{"the", "cat", "ate", "the", "Œuf"}, {"the", "cat", "Zoo", "a", "Œuf"}, {"Zoo"}};

}

TEST_CASE("a vocabulary has the special words, then the frequent ones in bytewise order") {
  CHECK(words_of(Vocabulary::build(kSentences, 2)) ==
        Words{"<pad>", "<unk>", "<s>", "</s>", "Zoo", "cat", "the", "Œuf"});
  CHECK(Vocabulary::build(kSentences, 1).size() == 10);
  CHECK(Vocabulary::build(kSentences, 3).size() == 5);
  CHECK(Vocabulary().size() == 4);
}

TEST_CASE("special words in a text stay the special words") {
  const Vocabulary vocabulary = Vocabulary::build({{"<s>", "<unk>", "x"}, {"<s>", "<unk>", "x"}}, 1);
  CHECK(words_of(vocabulary) == Words{"<pad>", "<unk>", "<s>", "</s>", "x"});
}

TEST_CASE("encoding appends the end, decoding stops there") {
  const Vocabulary vocabulary = Vocabulary::build(kSentences, 2);
  CHECK(vocabulary.encode({"the", "cat", "slept"}) == std::vector<int>{6, 5, Vocabulary::kUnknown, Vocabulary::kEnd});
  CHECK(vocabulary.encode({}) == std::vector<int>{Vocabulary::kEnd});
  CHECK(vocabulary.decode({2, 6, 5, 1, 0, 3, 6}) == Words{"the", "cat", "<unk>"});
  CHECK(vocabulary.decode(vocabulary.encode({"cat", "Œuf"})) == Words{"cat", "Œuf"});
  CHECK_THROWS_WITH_AS(vocabulary.decode({8}), "vocabulary: no word 8: there are 8 words", Error);
  CHECK_THROWS_AS(vocabulary.word(-1), Error);
}

TEST_CASE("a vocabulary survives saving and loading") {
  const TemporaryPath path;
  const Vocabulary vocabulary = Vocabulary::build(kSentences, 1);
  vocabulary.save(path.name);
  const Vocabulary loaded = Vocabulary::load(path.name);
  CHECK(words_of(loaded) == words_of(vocabulary));
  CHECK(loaded.id("Œuf") == vocabulary.id("Œuf"));
  CHECK(read_file(path.name).starts_with("<pad>\n<unk>\n<s>\n</s>\nZoo\n"));
}

TEST_CASE("a damaged vocabulary file is refused with the line") {
  const TemporaryPath path;
  const std::string head = "<pad>\n<unk>\n<s>\n</s>\n";
  const auto error = [&](const std::string& bytes) -> std::string {
    try {
      Vocabulary::load(path.with(bytes));
    } catch (const Error& e) {
      REQUIRE(std::string(e.what()).starts_with(path.name));
      return e.what() + path.name.size();
    }
    return "no error";
  };
  CHECK(error(head + "cat\n") == "no error");
  CHECK(error("") == ":1: not a vocabulary: the first lines must be <pad>, <unk>, <s> and </s>");
  CHECK(error("<pad>\n<unk>\ncat\n") == ":3: not a vocabulary: the first lines must be <pad>, <unk>, <s> and </s>");
  CHECK(error(head + "cat\n\ndog\n") == ":6: not a word: ''; a vocabulary has one word a line, without white space");
  CHECK(error(head + "two words\n") ==
        ":5: not a word: 'two words'; a vocabulary has one word a line, without white space");
  CHECK(error(head + "cat\ndog\ncat\n") == ":7: the word 'cat' stands here a second time");
  CHECK(error(head + "\xC3\n") == ":5: invalid UTF-8 at byte 1");
}
