#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/base/word_ids.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/text/text.h"
#include "examples/translate/text/vocabulary.h"

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

Vocabulary build(const std::vector<Words>& sentences, size_t min_frequency, size_t max_size = 0) {
  WordFrequencies frequencies;
  for (const Words& sentence : sentences) frequencies.add(sentence);
  return frequencies.vocabulary(min_frequency, max_size);
}

const std::vector<Words> kSentences = {{"the", "cat", "ate", "the", "Œuf"}, {"the", "cat", "Zoo", "a", "Œuf"}, {"Zoo"}};

}

TEST_CASE("a vocabulary has the special words, then the frequent ones in bytewise order") {
  CHECK(words_of(build(kSentences, 2)) == Words{"<pad>", "<unk>", "<s>", "</s>", "Zoo", "cat", "the", "Œuf"});
  CHECK(build(kSentences, 1).size() == 10);
  CHECK(build(kSentences, 3).size() == 5);
  CHECK(Vocabulary().size() == 4);
}

TEST_CASE("a vocabulary of limited size keeps the most frequent words, of equal ones the bytewise smaller") {
  // the 3, Zoo, cat and Œuf 2, a and ate 1
  CHECK(words_of(build(kSentences, 1, 5)) == Words{"<pad>", "<unk>", "<s>", "</s>", "the"});
  CHECK(words_of(build(kSentences, 1, 7)) == Words{"<pad>", "<unk>", "<s>", "</s>", "Zoo", "cat", "the"});
  CHECK(build(kSentences, 2, 100).size() == 8);
  CHECK(build(kSentences, 1, 10).size() == 10);
  CHECK(build(kSentences, 1, 4).size() == 4);
  CHECK(build(kSentences, 1, 1).size() == 4);
}

TEST_CASE("a vocabulary of given words has them in their order") {
  CHECK(words_of(Vocabulary::of({"<pad>", "<unk>", "<s>", "</s>", "b", "a"})) ==
        Words{"<pad>", "<unk>", "<s>", "</s>", "b", "a"});
  CHECK_THROWS_WITH_AS(Vocabulary::of({"<unk>", "<pad>"}),
                       "vocabulary: '<unk>' cannot be word 0: a special word stands there", Error);
  CHECK_THROWS_WITH_AS(Vocabulary::of({"<pad>", "<unk>", "<s>", "</s>", "b", "b"}),
                       "vocabulary: 'b' cannot be word 5: it is there already", Error);
}

TEST_CASE("words of a text that look like special ones are words") {
  const TemporaryPath path;
  const Words special = {"<pad>", "<unk>", "<s>", "</s>"};
  build({special, {"x"}}, 1).save(path.name);
  const Vocabulary vocabulary = Vocabulary::load(path.name);
  CHECK(words_of(vocabulary) == Words{"<pad>", "<unk>", "<s>", "</s>", "</s>", "<pad>", "<s>", "<unk>", "x"});
  CHECK(vocabulary.encode(special) == std::vector{5, 7, 6, 4, kEnd});
  CHECK(vocabulary.decode(vocabulary.encode(special)) == special);
  CHECK(build({{"x"}}, 1).encode(special) == std::vector{kUnknown, kUnknown, kUnknown, kUnknown, kEnd});
}

TEST_CASE("a vocabulary of a text that would be refused today is read") {
  const TemporaryPath path;
  const Words words = {"a\uFEFFb", "c\x1A", std::string("d\0e", 3)};
  build({words}, 1).save(path.name);
  CHECK(Vocabulary::load(path.name).encode(words) == std::vector{4, 5, 6, kEnd});
}

TEST_CASE("encoding appends the end, decoding stops there") {
  const Vocabulary vocabulary = build(kSentences, 2);
  CHECK(vocabulary.encode({"the", "cat", "slept"}) == std::vector<int>{6, 5, kUnknown, kEnd});
  CHECK(vocabulary.encode({}) == std::vector<int>{kEnd});
  CHECK(vocabulary.decode({2, 6, 5, 1, 0, 3, 6}) == Words{"the", "cat", "<unk>"});
  CHECK(vocabulary.decode(vocabulary.encode({"cat", "Œuf"})) == Words{"cat", "Œuf"});
  CHECK_THROWS_WITH_AS(vocabulary.decode({8}), "vocabulary: no word 8: there are 8 words", Error);
  CHECK_THROWS_AS(vocabulary.word(-1), Error);
}

TEST_CASE("a vocabulary survives saving and loading") {
  const TemporaryPath path;
  const Vocabulary vocabulary = build(kSentences, 1);
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
