#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/data/drawn_pairs.h"
#include "examples/translate/text/elision.h"
#include "examples/translate/text/sampling/subword_sampler.h"
#include "examples/translate/text/subwords.h"
#include "examples/translate/text/unicode.h"
#include "examples/translate/toy/toy.h"
#include "tests/support/property.h"
#include "tests/support/random_text.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

const TokenizerKind kKinds[] = {TokenizerKind::Bpe, TokenizerKind::Unigram};

const std::vector<std::string>& lines() {
  static const std::vector<std::string> lines = [] {
    std::vector<std::string> result;
    for (const ToyPair& pair : make_toy_corpus(1, {.train = 300, .valid = 0, .test = 0, .test_long = 0}).train)
      result.push_back("– " + ElisionTokenizer().join(pair.target) + " !");
    return result;
  }();
  return lines;
}

const Language& language(TokenizerKind kind) {
  static const auto make = [](TokenizerKind kind) {
    std::string model = train_subwords(lines(), kind, 400);
    auto tokenizer = std::make_shared<SubwordTokenizer>(model, "m");
    Vocabulary vocabulary = Vocabulary::of(tokenizer->pieces());
    return Language(std::move(tokenizer), std::move(vocabulary), false, std::move(model));
  };
  static const Language bpe = make(TokenizerKind::Bpe), unigram = make(TokenizerKind::Unigram);
  return kind == TokenizerKind::Bpe ? bpe : unigram;
}

SubwordSampler sampler(TokenizerKind kind, double strength) { return {language(kind), kind, strength}; }

TrainConfig config_with(TokenizerKind kind, double strength) {
  TrainConfig config;
  config.tokenizer = kind;
  (kind == TokenizerKind::Bpe ? config.subword_dropout : config.subword_sampling) = strength;
  return config;
}

/// Each way to cut a word, with Σ score.
void cut(const std::u32string& word, const Language& language, const std::vector<double>& scores,
         std::vector<int> pieces, double sum, std::map<std::vector<int>, double>& found) {
  if (word.empty()) found[pieces] = sum;
  for (std::size_t length = 1; length <= word.size(); ++length) {
    const int id = language.vocabulary.id(utf8(word.substr(0, length)));
    if (id == kUnknown) continue;
    std::vector<int> longer = pieces;
    longer.push_back(id);
    cut(word.substr(length), language, scores, longer, sum + scores[static_cast<std::size_t>(id)], found);
  }
}

}

TEST_CASE("subwords that are drawn are the best ones at one end of the scale, and characters at the other") {
  const SubwordSampler best[] = {sampler(TokenizerKind::Bpe, 0), sampler(TokenizerKind::Unigram, 1000)};
  const SubwordSampler characters = sampler(TokenizerKind::Bpe, 1);
  for (const std::string& line : lines()) {
    for (const TokenizerKind kind : kKinds) {
      const std::vector<int> ids = language(kind).encode(line);
      CHECK(best[kind == TokenizerKind::Unigram].draw(ids, 7) == ids);
    }
    const std::vector<int> ids = language(TokenizerKind::Bpe).encode(line), single = characters.draw(ids, 7);
    const auto is_byte = [](int id) { return id > kEnd && id <= kEnd + 256; };  // of a rare character, several
    const auto bytes = std::ranges::count_if(ids, is_byte);
    CHECK(std::ranges::count_if(single, is_byte) == bytes);
    if (bytes > 0) continue;
    CHECK(single.size() == code_points(line).size() + 2);  // a sign for each space, one before the line; and </s>
  }
}

TEST_CASE("subwords that are drawn spell the same text, whatever it is, and depend on the seed alone") {
  for (const TokenizerKind kind : kKinds) {
    const Language& own = language(kind);
    const SubwordSampler some = sampler(kind, 0.2);
    std::set<std::vector<int>> different;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const std::vector<int> ids = own.encode(lines()[0]), drawn = some.draw(ids, seed);
      CHECK(own.text(drawn) == lines()[0]);
      CHECK(drawn.back() == kEnd);
      CHECK(some.draw(ids, seed) == drawn);
      CHECK(sampler(kind, 0.2).draw(ids, seed) == drawn);
      different.insert(drawn);
    }
    CHECK(different.size() > 10);
    CHECK(holds([&] {
      const std::vector<int> ids = own.encode(*arbitrary_text());
      RC_ASSERT(own.text(some.draw(ids, 3)) == own.text(ids));
    }));
  }
}

TEST_CASE("BPE-dropout leaves out a merge with its probability") {
  const Language& own = language(TokenizerKind::Bpe);
  const SubwordSampler some = sampler(TokenizerKind::Bpe, 0.3);
  int pairs = 0;
  for (int id = kEnd + 1; id < static_cast<int>(own.vocabulary.size()); ++id) {
    const std::string& piece = own.vocabulary.word(id);
    if (!piece.starts_with(kWordBegin) || code_points(piece).size() != 2) continue;
    ++pairs;
    int merged = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) merged += some.draw(std::vector{id}, seed).size() == 1 ? 1 : 0;
    CHECK(merged == doctest::Approx(700).epsilon(0.09));  // four deviations
  }
  CHECK(pairs > 3);
}

TEST_CASE("unigram sampling draws each segmentation with its share") {
  constexpr int kDraws = 20000;
  constexpr double kPower = 0.4;
  const Language& own = language(TokenizerKind::Unigram);
  const std::vector<double> scores = SubwordTokenizer(own.model, "m").scores();
  std::map<std::vector<int>, double> expected;
  std::vector<int> best;
  for (const std::string_view word : split_words(lines()[0])) {  // one that can be cut in many ways
    expected.clear();
    cut(code_points(fmt::format("{}{}", kWordBegin, word)), own, scores, {}, 0, expected);
    best = own.encode(word);
    if (expected.size() > 5) break;
  }
  REQUIRE(expected.size() > 5);
  best.pop_back();
  double total = 0;
  for (auto& [pieces, sum] : expected) total += sum = std::exp(kPower * sum);
  std::map<std::vector<int>, int> found;
  const SubwordSampler some = sampler(TokenizerKind::Unigram, kPower);
  for (std::uint64_t seed = 0; seed < kDraws; ++seed) ++found[some.draw(best, seed)];
  CHECK(found.size() <= expected.size());
  for (const auto& [pieces, weight] : expected) {
    const double share = weight / total;
    CHECK(std::abs(found[pieces] - share * kDraws) <= 4.5 * std::sqrt(kDraws * share * (1 - share)) + 1);
  }
}

TEST_CASE("each epoch draws other subwords for each side of each pair, none longer than max_length") {
  for (const TokenizerKind kind : kKinds) {
    const Language& own = language(kind);
    std::vector<Pair> pairs(2, Pair{own.encode(lines()[0]), own.encode(lines()[0])});
    TrainConfig config = config_with(kind, 0.1);
    const DrawnPairs draws(pairs, own, own, config);
    REQUIRE(draws.is_on());
    const Pair first = draws.draw(0, 0);
    CHECK(DrawnPairs(pairs, own, own, config).draw(0, 0).source == first.source);
    CHECK(first.source != first.target);
    CHECK(draws.draw(0, 1).source != first.source);
    CHECK(draws.draw(1, 0).source != first.source);
    config.seed = 2;
    CHECK(DrawnPairs(pairs, own, own, config).draw(0, 0).source != first.source);
    config.max_length = static_cast<int>(pairs[0].source.size()) - 1;
    const DrawnPairs shorter(pairs, own, own, config);
    for (int epoch = 0; epoch < 20; ++epoch) CHECK(shorter.draw(0, epoch).source.size() <= pairs[0].source.size());
    config.max_length = 100;
    CHECK_FALSE(DrawnPairs(pairs, own, own, config_with(kind, 0)).is_on());
  }
  config_with(TokenizerKind::Bpe, 0.1).check_architecture();
  TrainConfig config = config_with(TokenizerKind::Bpe, 0.1);
  config.tokenizer = TokenizerKind::Unigram;
  CHECK_THROWS_WITH_AS(config.check_architecture(), "subword_dropout: needs --tokenizer bpe, not unigram", Error);
  config = config_with(TokenizerKind::Unigram, 0.1);
  config.tokenizer = TokenizerKind::Words;
  CHECK_THROWS_WITH_AS(config.check_architecture(), "subword_sampling: needs --tokenizer unigram, not words", Error);
}

TEST_CASE("a share of the pairs gets another one appended, other ones each epoch, none longer than max_length") {
  std::vector<Pair> pairs;
  for (int i = 0; i < 1000; ++i) pairs.push_back({{10 + i, kEnd}, {2000 + i, 4000 + i, kEnd}});
  const Language& own = language(TokenizerKind::Bpe);
  TrainConfig config;
  config.concatenate = 0.3;
  const DrawnPairs draws(pairs, own, own, config);
  REQUIRE(draws.is_on());
  int appended = 0, again = 0;
  for (int i = 0; i < 1000; ++i) {
    const Pair drawn = draws.draw(i, 0);
    CHECK(drawn.source[0] == 10 + i);
    CHECK(draws.draw(i, 0).target == drawn.target);
    if (drawn.source == pairs[static_cast<std::size_t>(i)].source) continue;
    ++appended;
    const int other = drawn.source[1] - 10;
    CHECK(drawn.source == std::vector<int>{10 + i, 10 + other, kEnd});
    CHECK(drawn.target == std::vector<int>{2000 + i, 4000 + i, 2000 + other, 4000 + other, kEnd});
    again += draws.draw(i, 1).source == drawn.source ? 1 : 0;
  }
  CHECK(appended == doctest::Approx(300).epsilon(0.2));  // four deviations
  CHECK(again < 5);
  config.max_length = 3;  // four on the target's side
  const DrawnPairs shorter(pairs, own, own, config);
  for (int i = 0; i < 1000; ++i) CHECK(shorter.draw(i, 0).source == pairs[static_cast<std::size_t>(i)].source);
  config.concatenate = 0;
  CHECK_FALSE(DrawnPairs(pairs, own, own, config).is_on());
}
