#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "autograd/error.h"
#include "examples/translate/search/scoring.h"
#include "examples/translate/training/checkpoint.h"
#include "examples/translate/translator/ensemble.h"
#include "examples/translate/translator/translate.h"
#include "ops/gemm/thread_pool.h"
#include "tests/support/temporary_folder.h"
#include "tests/translate/search_helpers.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

/// Two models that differ in their attention, or in all, and in their parameters.
struct Two {
  explicit Two(bool transformer = false)
      : a(random_config(AttentionKind::Bahdanau), 1),
        b(transformer ? random_transformer() : random_config(AttentionKind::Luong), 2) {
    make_sure(a);
    make_sure(b);
  }
  std::vector<std::vector<int>> sources = make_sources(14);
  Seq2Seq a, b;
  std::vector<Member> members = {{&a, sources}, {&b, sources}};
};

/// Runs the test that asks twice.
bool with_transformer() {
  bool result = false;
  SUBCASE("two recurrent models") {}
  SUBCASE("a recurrent one and a transformer") { result = true; }
  return result;
}

/// A model folder whose vocabularies hold these words.
void make_model(const std::string& folder, const std::vector<std::string>& target, AttentionKind attention) {
  TrainConfig config;
  config.toy = true;
  config.attention = attention_named(attention);
  config.embedding = config.hidden = config.attention_size = 4;
  std::vector<std::string> words = {"<pad>", "<unk>", "<s>", "</s>"};
  words.insert(words.end(), target.begin(), target.end());
  Translator translator(config, {Language(Vocabulary()), Language(Vocabulary::of(words))});
  create_model(folder, translator);
  save_best(folder, translator, {});
}

}

TEST_CASE("score: the log-probabilities of the words are those of the training's loss") {
  Two two(with_transformer());
  std::vector<std::vector<int>> targets = make_sources(20);
  targets.erase(targets.begin(), targets.begin() + 6);  // other lengths than the sources
  for (const int threads : {1, 2}) {
    ThreadPool pool(threads);
    for (const Member& member : two.members) {
      for (const int batch_size : {1, 5, 64}) {
        const auto scores = score_targets({&member, 1}, targets, batch_size, pool);
        for (std::size_t i = 0; i < targets.size(); ++i) {
          const Pair pair{two.sources[i], targets[i]};
          const int zero = 0;
          const Tape tape(Tape::Inference);
          const double loss = member.model->loss(make_batch({&pair, 1}, {&zero, 1}), {}).item();
          REQUIRE(scores[i].size() == targets[i].size());
          CHECK(std::accumulate(scores[i].begin(), scores[i].end(), 0.0) == doctest::Approx(-loss).epsilon(1e-4));
        }
      }
    }
  }
}

TEST_CASE("ensemble: probabilities are averaged word by word") {
  Two two(with_transformer());
  ThreadPool pool(1);
  const std::vector<std::vector<int>>& targets = two.sources;
  const auto a = score_targets({&two.members[0], 1}, targets, 64, pool);
  const auto b = score_targets({&two.members[1], 1}, targets, 64, pool);
  const auto both = score_targets(two.members, targets, 64, pool);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    for (std::size_t t = 0; t < targets[i].size(); ++t) {
      CHECK(both[i][t] == doctest::Approx(std::log((std::exp(a[i][t]) + std::exp(b[i][t])) / 2)).epsilon(1e-3));
    }
  }
}

TEST_CASE("ensemble: its translations have the score that it gives them, and the mean attention") {
  Two two(with_transformer());
  ThreadPool pool(2);
  for (const bool sample : {false, true}) {
    SearchOptions options{.beam = 4, .n_best = 2, .max_length = 12, .attention = true};
    options.sample = sample;
    const auto found = search_n_best(two.members, first_lines(two.sources.size()), options, 5, pool);
    std::vector<std::vector<int>> words;
    for (const NBest& hypotheses : found) {
      words.push_back(hypotheses[0].words);
      words.back().push_back(kEnd);
    }
    const auto scores = score_targets(two.members, words, 64, pool);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Hypothesis& best = found[i][0];
      CHECK(best.log_probability ==
            doctest::Approx(std::accumulate(scores[i].begin(), scores[i].end(), 0.0)).epsilon(1e-4));
      const Hypothesis a = forced(two.a, two.sources[i], best.words), b = forced(two.b, two.sources[i], best.words);
      REQUIRE(best.attention.size() == a.attention.size());
      for (std::size_t j = 0; j < best.attention.size(); ++j) {
        CHECK(static_cast<double>(best.attention[j]) ==
              doctest::Approx(static_cast<double>(a.attention[j] + b.attention[j]) / 2).epsilon(1e-3));
      }
    }
  }
}

TEST_CASE("ensemble: a model with itself says what it says alone") {
  Two two;
  ThreadPool pool(1);
  const SearchOptions options{.beam = 4, .max_length = 12};
  const std::vector<Member> twice = {two.members[0], two.members[0]};
  const auto lines = first_lines(two.sources.size());
  const auto alone = search_n_best({&two.members[0], 1}, lines, options, 64, pool);
  const auto together = search_n_best(twice, lines, options, 64, pool);
  const auto others = search_n_best(two.members, lines, options, 64, pool);
  bool differs = false;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    CHECK(together[i][0].words == alone[i][0].words);
    differs |= others[i][0].words != alone[i][0].words;
  }
  CHECK(differs);
}

TEST_CASE("ensemble: models must write the same words, and one must have the attention that is asked for") {
  const TemporaryFolder folder;
  const std::string a = folder.path() + "/a", b = folder.path() + "/b", c = folder.path() + "/c";
  make_model(a, {"one", "two"}, AttentionKind::None);
  make_model(b, {"one", "three"}, AttentionKind::None);
  make_model(c, {"one"}, AttentionKind::Luong);
  const std::string rule = "; the models of an ensemble must have the same target vocabulary";
  CHECK_THROWS_WITH_AS(Ensemble({a, b}),
                       (a + ", " + b + ": target word 5 is 'two' in one and 'three' in the other" + rule).c_str(),
                       Error);
  CHECK_THROWS_WITH_AS(Ensemble({a, c}), (a + ", " + c + ": they write 6 and 5 different words" + rule).c_str(), Error);

  ThreadPool pool(1);
  const std::vector<std::string> lines = {"ein zwei", "", "zwei"};
  const Ensemble none({a, a}), some({c, c});
  CHECK_THROWS_WITH_AS(translate_lines(none.models(), lines, 0, {.attention = true}, pool),
                       "translate: no attention to use; the model was trained with --attention none", Error);
  const std::vector<Translation> found = translate_lines(some.models(), lines, 0, {.attention = true}, pool);
  REQUIRE(found.size() == 3);
  CHECK(found[0].source == std::vector<std::string>{"ein", "zwei"});
  CHECK(found[0].n_best.size() == 1);
  CHECK(found[1].n_best.empty());
  CHECK(found[2].n_best.size() == 1);
}

TEST_CASE("translations may be as long as the sentences that a model learned from, and 100 words in any case") {
  const TemporaryFolder base;
  make_model(base.path(), {"a", "b"}, AttentionKind::Bahdanau);
  const std::unique_ptr<Translator> model = load_translator(base.path());
  model->model.decoder().output().bias->value()[kEnd] = -100;  // it never comes to an end
  Translator* const models[] = {model.get()};
  ThreadPool pool(1);
  const auto length = [&](SearchOptions options) {
    options.beam = 1;
    return translate_lines(models, std::vector<std::string>{"a"}, 0, options, pool).front().n_best.front().words.size();
  };
  model->config.max_length = 50;
  CHECK(length({}) == 100);
  model->config.max_length = 150;
  CHECK(length({}) == 150);
  CHECK(length({.min_length = 170}) == 170);
  CHECK(length({.max_length = 20}) == 20);
}

TEST_CASE("ensemble: models write alike if their target words and tokenizers are the same") {
  TrainConfig config;
  config.embedding = config.hidden = config.attention_size = 4;
  const auto make = [](const TrainConfig& config, const std::string& word, const std::string& subwords = {}) {
    const Vocabulary words = Vocabulary::of({"<pad>", "<unk>", "<s>", "</s>", word});
    const Language target(std::make_shared<WhitespaceTokenizer>(), words, false, subwords);
    return std::make_unique<Translator>(config, Languages{Language(Vocabulary()), target});
  };
  const auto base = make(config, "one");
  config.seed = 2;
  CHECK(write_alike(*base, *make(config, "one")));
  CHECK_FALSE(write_alike(*base, *make(config, "two")));
  CHECK_FALSE(write_alike(*base, *make(config, "one", "another model of sentencepiece")));
  config.toy = true;
  CHECK_FALSE(write_alike(*base, *make(config, "one")));
  config.toy = false;
  config.tokenizer = TokenizerKind::Bpe;
  CHECK_FALSE(write_alike(*base, *make(config, "one")));
}
