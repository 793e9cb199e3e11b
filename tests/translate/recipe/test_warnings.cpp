#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "examples/translate/recipe/warnings.h"

using namespace gradus::translate;

namespace {

/// Raw sentences of 2 to 20 words, each side's as long as the other's, no two alike.
ParallelText numbered_text(std::size_t pairs, const std::string& salt = "") {
  ParallelText text;
  std::mt19937 random(7);
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::size_t words = 2 + random() % 19;
    std::string source = fmt::format("Satz{}{}", salt, i), target = fmt::format("Sentence{}{}", salt, i);
    for (std::size_t w = 1; w < words; ++w) {
      source += fmt::format(" wort{}", random() % 50);
      target += fmt::format(" word{}", random() % 50);
    }
    text.source.push_back(source + ".");
    text.target.push_back(target + ".");
    text.lines.push_back(i + 1);
  }
  return text;
}

TrainConfig raw_config() {
  TrainConfig config;
  config.tokenizer = TokenizerKind::Bpe;
  config.joint = true;
  config.vocabulary_size = 500;
  return config;
}

/// A text to learn from and one to validate.
struct Texts {
  ParallelText train, valid;
};

/// The one warning that there is; empty if there is none.
std::string warning(const Texts& texts, const TrainConfig& config = raw_config()) {
  const CorpusText text{texts.train, texts.valid};
  const std::vector<std::string> all = text_warnings(text, text_facts(text.train), config);
  REQUIRE(all.size() <= 1);
  return all.empty() ? "" : all.front();
}

}

TEST_CASE("nothing is said of a good text, nor of a very small one") {
  for (const std::size_t pairs : {1, 2, 50, 99, 100, 1000, 1700}) {
    CAPTURE(pairs);
    TrainConfig config = raw_config();
    config.vocabulary_size = 0;
    CHECK(warning({numbered_text(pairs), numbered_text(20, "v")}, config).empty());
  }
}

TEST_CASE("source and target that are the same are told of") {
  Texts text{numbered_text(300), numbered_text(20, "v")};
  text.train.target = text.train.source;
  CHECK(warning(text).starts_with("source and target are the same in 100 % of the training pairs"));
}

TEST_CASE("lines that do not belong together are told of, with the place where that begins") {
  for (const std::size_t from : {0, 500, 1000}) {
    CAPTURE(from);
    Texts text{numbered_text(1500), numbered_text(20, "v")};
    std::rotate(text.train.target.begin() + static_cast<std::ptrdiff_t>(from),
                text.train.target.begin() + static_cast<std::ptrdiff_t>(from) + 1, text.train.target.end());
    CHECK(misaligned_from(text.train) == from + 1);
    CHECK(warning(text).starts_with(fmt::format("around line {} ", from + 1)));
  }
}

TEST_CASE("lines of one length say nothing about which belong together") {
  Texts text{numbered_text(500), numbered_text(20, "v")};
  for (std::string& line : text.train.target) line.resize(30, 'x');
  CHECK(misaligned_from(text.train) == 0);
}

TEST_CASE("validation text that is learned is told of") {
  Texts text{numbered_text(300), numbered_text(20, "v")};
  text.valid.source[3] = text.train.source[100];
  text.valid.target[3] = text.train.target[100];
  CHECK(warning(text).empty());  // one of 20
  text.valid = numbered_text(20);
  CHECK(warning(text).starts_with("100 % of the validation pairs are training pairs"));
}

TEST_CASE("pairs that repeat others are told of") {
  Texts text{numbered_text(300), numbered_text(20, "v")};
  for (std::size_t i = 0; i < 100; ++i) {
    text.train.source[2 * i] = text.train.source[2 * i + 1];
    text.train.target[2 * i] = text.train.target[2 * i + 1];
  }
  CHECK(warning(text).starts_with("33.3 % of the training pairs repeat an earlier one"));
}

TEST_CASE("raw text for words between white space is told of, and tokenised text is not") {
  Texts text{numbered_text(300), numbered_text(20, "v")};
  TrainConfig config;
  CHECK(warning(text, config).starts_with("the text is raw"));
  for (auto* side : {&text.train.source, &text.train.target}) {
    for (std::string& line : *side) line.insert(line.size() - 1, " ");
  }
  CHECK(warning(text, config).empty());
}

TEST_CASE("a vocabulary that is too large for its text is told of") {
  TrainConfig config = raw_config();
  config.vocabulary_size = 8000;
  CHECK(warning({numbered_text(300), numbered_text(20, "v")}, config)
            .starts_with("--vocabulary-size 8000 is large for a text of "));
}
