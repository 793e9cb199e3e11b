#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/text/elision.h"
#include "examples/translate/text/language.h"
#include "examples/translate/text/subwords.h"
#include "examples/translate/toy/toy.h"
#include "tests/support/property.h"
#include "tests/support/random_text.h"
#include "tests/support/temporary_folder.h"

using namespace gradus;
using namespace gradus::translate;
using Pieces = std::vector<std::string>;

namespace {

/// The toy language as raw text.
ParallelText text() {
  static const ToyCorpus corpus = make_toy_corpus(1, {.train = 500, .valid = 0, .test = 0, .test_long = 0});
  ParallelText text;
  for (const ToyPair& pair : corpus.train) {
    text.add(join_words(pair.source) + ".", "– " + ElisionTokenizer().join(pair.target) + " !", text.lines.size() + 1);
  }
  return text;
}

SubwordTokenizer subwords(TokenizerKind kind, int size = 400) {
  return {train_subwords(text().target, kind, size), "m"};
}

template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

const TokenizerKind kSubwordKinds[] = {TokenizerKind::Bpe, TokenizerKind::Unigram};

}

TEST_CASE("subwords: frequent words are one piece, rare ones several, and no text is unknown") {
  for (TokenizerKind kind : kSubwordKinds) {
    CAPTURE(std::string(name_of(kind)));
    const SubwordTokenizer tokenizer = subwords(kind);
    CHECK(tokenizer.pieces().size() == 400);
    CHECK(tokenizer.split(" le\tchat ").front() == "▁le");
    CHECK(tokenizer.split("anticonstitutionnellement").size() > 3);
    const Vocabulary vocabulary = Vocabulary::of(tokenizer.pieces());
    CHECK(vocabulary.word(kEnd + 1) == "<0x00>");
    const std::vector<int> ids = vocabulary.encode(tokenizer.split("Ωμέγα 😀 </s> <unk> ▅"));
    CHECK(std::count(ids.begin(), ids.end(), kUnknown) == 0);
    CHECK(std::count(ids.begin(), ids.end(), kEnd) == 1);
    CHECK(tokenizer.split(" \u3000").empty());
    CHECK(tokenizer.join({}).empty());
  }
}

TEST_CASE("subwords: any text comes back as it was") {
  const WhitespaceTokenizer words;
  for (TokenizerKind kind : kSubwordKinds) {
    const SubwordTokenizer tokenizer = subwords(kind);
    CHECK(holds([&] {
      const std::string line = *arbitrary_text();
      RC_ASSERT(tokenizer.join(tokenizer.split(line)) == words.join(words.split(line)));
    }));
    CHECK(tokenizer.join(tokenizer.split("x▁y")) == "x_y");  // the sign for a space
    for (const std::string& line : text().source) CHECK(tokenizer.join(tokenizer.split(line)) == line);
  }
}

TEST_CASE("subwords: pieces in any order make a line of whole characters") {
  const SubwordTokenizer tokenizer = subwords(TokenizerKind::Bpe);
  CHECK(tokenizer.join({"<0xC3>", "<0xA9>", "▁le"}) == "é le");
  CHECK(tokenizer.join({"▁le", "<0xC3>", "▁le"}) == "le\uFFFD le");
  CHECK(tokenizer.join({"▁le", "<unk>", "▁le"}) == "le<unk> le");
  CHECK(tokenizer.join({"▁le", "<0x0A>", "▁le", "<0x0D>"}) == "le le");
}

TEST_CASE("subwords: the same text gives the same bytes, other text others") {
  for (TokenizerKind kind : kSubwordKinds) {
    const std::string model = train_subwords(text().target, kind, 400);
    CHECK(train_subwords(text().target, kind, 400) == model);
    CHECK(train_subwords(text().source, kind, 350) != model);
  }
}

TEST_CASE("subwords: a vocabulary's size that is too small for the text is refused with one that is not") {
  for (TokenizerKind kind : kSubwordKinds) {
    CAPTURE(std::string(name_of(kind)));
    const auto train = [&](int size) { train_subwords(text().target, kind, size); };
    const std::string too_small = error_of([&] { train(100); });
    const std::string small =
        "vocabulary_size: 100 is too small for the characters and bytes of the text; need at least ";
    REQUIRE(too_small.starts_with(small));
    const int least = std::stoi(too_small.substr(small.size()));
    CHECK(error_of([&] { train(least); }) == "no error");
    CHECK(error_of([&] { train(least - 1); }) != "no error");

    // A text that has fewer pieces gives all that it has.
    const auto pieces = [&](int size) {
      return SubwordTokenizer(train_subwords(text().target, kind, size), "m").pieces();
    };
    const std::size_t most = pieces(30'000).size();
    CHECK(most < 30'000);
    CHECK(pieces(20'000).size() == most);
    CHECK(pieces(static_cast<int>(most) - 1).size() == most - 1);
  }
  CHECK(error_of([] { train_subwords(Pieces{"▅"}, TokenizerKind::Bpe, 300); }) ==
        "subwords: no line to learn them from: each is longer than 4192 bytes or holds the sign U+2585");
}

TEST_CASE("subwords: odd text can be learned from") {
  const Pieces oddities = {"\x01\x02 \x7f <s> </s> <0x41>",
                           std::string("\0", 1),
                           std::string("a\0b a\0b", 7),
                           "▁ ▁▁",
                           "😀\u202e x\u200by",
                           std::string(3000, 'a'),
                           std::string(100'000, 'b')};
  for (TokenizerKind kind : kSubwordKinds) {
    for (const std::string& line : oddities) {
      const Pieces lines = {line, "ein Text"};
      const SubwordTokenizer tokenizer(train_subwords(lines, kind, 8000), "m");
      CHECK(tokenizer.join(tokenizer.split("ein 日")) == "ein 日");
    }
  }
}

TEST_CASE("subwords: a damaged model is refused by name") {
  const auto load = [](const std::string& bytes) {
    return error_of([&] { SubwordTokenizer(bytes, "a/source.model"); });
  };
  const std::string model = train_subwords(text().target, TokenizerKind::Bpe, 400);
  CHECK(load("").starts_with("a/source.model: not a sentencepiece model"));
  CHECK(load(model.substr(0, model.size() / 2)).starts_with("a/source.model: not a sentencepiece model"));
  CHECK(load("some other file").starts_with("a/source.model: not a sentencepiece model"));
  std::string other = model;
  other.replace(other.find("<pad>"), 5, "<pat>");
  CHECK(load(other) == "a/source.model: the sentencepiece model must begin with <pad>, <unk>, <s> and </s>");
  CHECK(load("\x0b\x0c" + model + "\x1a\x03\x12\x01x") == "a/source.model: not a sentencepiece model: it is damaged");
  for (const std::string_view piece :
       {std::string_view("\0", 1), std::string_view("\0a", 2), std::string_view("a\0b", 3)}) {
    const std::string named = fmt::format("\x0a{}{}", static_cast<char>(piece.size()), piece);
    CHECK(load(fmt::format("{}\x0a{}{}", model, static_cast<char>(named.size()), named)) ==
          "a/source.model: the sentencepiece model has a piece with a NUL");
  }
  for (const char* field : {"\x1a\x03\x12\x01x", "\x2a\x05\x18\x01\x12\x01x"}) {  // of a normaliser, and of its inverse
    CHECK(load(model + field) ==
          "a/source.model: the sentencepiece model has a map of characters; need one with the rule of normalisation "
          "identity");
  }
}

TEST_CASE("languages are learned, saved and loaded, each kind") {
  for (TokenizerKind kind :
       {TokenizerKind::Whitespace, TokenizerKind::Words, TokenizerKind::Bpe, TokenizerKind::Unigram}) {
    for (bool joint : {false, true}) {
      CAPTURE(std::string(name_of(kind)));
      CAPTURE(joint);
      LanguageOptions options;
      options.tokenizer = kind;
      options.joint = joint;
      options.vocabulary_size = is_subword(kind) ? 420 : 50;
      options.lowercase = true;
      const Languages learned = learn_languages(text(), options);
      CHECK(learned.source.vocabulary.size() == static_cast<size_t>(options.vocabulary_size));
      CHECK(learned.target.vocabulary.size() == static_cast<size_t>(options.vocabulary_size));

      const TemporaryFolder folder;
      learned.source.save(folder.file("source"));
      learned.target.save(folder.file("target"));
      const Languages loaded = load_languages(folder.file("source"), folder.file("target"), options);
      const std::string source = "The BLACK cat ate Xylophones.", target = "– Le chat noir a mangé !";
      CHECK(loaded.source.encode(source) == learned.source.encode(source));
      CHECK(loaded.target.encode(target) == learned.target.encode(target));
      CHECK((learned.source.encode(target) == learned.target.encode(target)) == joint);
      CHECK((loaded.source.text(loaded.source.encode(source)) == "the black cat ate xylophones.") == is_subword(kind));
    }
  }
}

TEST_CASE("a size that suits one language only is refused with that language") {
  LanguageOptions options;
  options.tokenizer = TokenizerKind::Bpe;
  options.vocabulary_size = 100;
  CHECK(error_of([&] {
          learn_languages(text(), options);
        }).starts_with("source language: vocabulary_size: 100 is too small"));
  options.joint = true;
  CHECK(error_of([&] {
          learn_languages(text(), options);
        }).starts_with("both languages: vocabulary_size: 100 is too small"));
}
