#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/gemm/thread_pool.h"
#include "tests/translate/search_helpers.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

constexpr SearchOptions kOptions{.beam = 4, .max_length = 12};

Batch one_pair(const std::vector<int>& source, std::vector<int> words) {
  const Pair pair{source, std::move(words)};
  const int chosen = 0;
  return make_batch({&pair, 1}, {&chosen, 1});
}

}

TEST_CASE("search: a hypothesis has the log-probability that the model gives to its words") {
  ThreadPool pool(1);
  for (const ModelConfig& config : {random_config(AttentionKind::None), random_config(AttentionKind::Bahdanau),
                                    random_config(AttentionKind::Luong), random_transformer()}) {
    Seq2Seq model(config);
    make_sure(model);
    const std::vector<std::vector<int>> sources = make_sources(20);
    const std::vector<Hypothesis> found = search_all(model, sources, kOptions, 7, pool);
    REQUIRE(found.size() == sources.size());
    std::size_t longest = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      std::vector<int> words = found[i].words;
      words.push_back(kEnd);
      const Tape tape(Tape::Inference);
      CHECK(found[i].log_probability ==
            doctest::Approx(-model.loss(one_pair(sources[i], words), {}).item()).epsilon(1e-4));
      CHECK(found[i].score == doctest::Approx(found[i].log_probability /
                                              std::pow(static_cast<double>(words.size()), kOptions.length_power)));
      longest = std::max(longest, words.size());
    }
    CHECK(longest >= 4);
  }
}

TEST_CASE("search: a hypothesis has the weight of each word on each position of its own source") {
  ThreadPool pool(1);
  ModelConfig multi_head = random_config(AttentionKind::Bahdanau);
  multi_head.attention.score = "multi-head";
  SearchOptions options = kOptions;
  options.attention = true;
  const std::vector<std::vector<int>> sources = make_sources(6);
  for (const ModelConfig& config : {random_config(AttentionKind::Luong), multi_head, random_transformer()}) {
    Seq2Seq model(config);
    make_sure(model);
    const std::vector<Hypothesis> found = search_all(model, sources, options, 64, pool);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::size_t length = sources[i].size(), words = found[i].attention.size() / length;
      REQUIRE(found[i].attention.size() == words * length);
      CHECK(words - found[i].words.size() <= 1);  // with </s>, unless it was cut off
      for (std::size_t t = 0; t < words; ++t) {
        const Real* const weights = &found[i].attention[t * length];
        CHECK(std::accumulate(weights, weights + length, 0.0) == doctest::Approx(1).epsilon(1e-4));
      }
    }
  }
}

TEST_CASE("search: a beam of one takes the best word at every step") {
  ThreadPool pool(2);
  Seq2Seq model(random_config(AttentionKind::Bahdanau));
  make_sure(model);
  const std::vector<std::vector<int>> sources = make_sources(6);
  SearchOptions options = kOptions;
  options.beam = 1;
  const std::vector<Hypothesis> found = search_all(model, sources, options, 64, pool);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    std::vector<int> words = found[i].words;
    if (words.size() < 12) words.push_back(kEnd);  // else it is cut there
    const Tape tape(Tape::Inference);
    const ConstArray scores = model.logits(one_pair(sources[i], words)).value();
    for (std::size_t t = 0; t < words.size(); ++t) {
      const Real* row = scores.row(t);
      CHECK(words[t] == std::max_element(row + kEnd, row + scores.cols()) - row);
    }
  }
}

TEST_CASE("search: batches and threads change neither the translations nor their order") {
  for (const AttentionKind attention : {AttentionKind::None, AttentionKind::Bahdanau, AttentionKind::Luong}) {
    Seq2Seq model(random_config(attention));
    make_sure(model);
    const std::vector<std::vector<int>> sources = make_sources(23);
    ThreadPool one(1);
    const std::vector<Hypothesis> expected = search_all(model, sources, kOptions, 1, one);
    for (const int threads : {1, 2, 3}) {
      ThreadPool pool(threads);
      for (const int batch_size : {1, 5, 64}) {
        const std::vector<Hypothesis> found = search_all(model, sources, kOptions, batch_size, pool);
        REQUIRE(found.size() == sources.size());
        for (std::size_t i = 0; i < sources.size(); ++i) CHECK(found[i].words == expected[i].words);
      }
      // One sentence, whose products the threads share.
      const Hypothesis alone = search_all(model, std::span(sources).first(1), kOptions, 64, pool).front();
      CHECK(alone.words == expected[0].words);
      CHECK(alone.log_probability == expected[0].log_probability);
      CHECK(search_all(model, {}, kOptions, 64, pool).empty());
    }
  }
}
