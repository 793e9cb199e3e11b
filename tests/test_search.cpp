#include <doctest/doctest.h>

#include <algorithm>

#include "autograd/tape.h"
#include "examples/translate/search.h"
#include "nn/rng.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

constexpr int kBegin = 2, kEnd = 3, kFirstWord = 4;
constexpr SearchOptions kOptions{.beam = 4, .max_length = 12};

/// A model that has learnt nothing, but is sure of what it says, and comes to an end: its numbers are larger than those
/// at first.
void make_sure(Seq2Seq& model) {
  model.eval();
  for (Parameter* parameter : model.parameters()) {
    for (Real& number : parameter->value()) number *= Real(3.5);
  }
  model.decoder().output().bias->value().data[kEnd] = 3;
}

ModelConfig config(AttentionKind attention) {
  return {.attention = attention,
          .source_words = 40,
          .target_words = 300,
          .embedding = 256,
          .hidden = 128,
          .attention_size = 64};
}

std::vector<std::vector<int>> make_sources(int count) {
  std::vector<std::vector<int>> sources(count);
  Rng rng(5);
  for (std::vector<int>& source : sources) {
    source.resize(1 + rng.below(12));
    for (int& word : source) word = kFirstWord + static_cast<int>(rng.below(36));
    source.push_back(kEnd);
  }
  return sources;
}

bool ended(const Hypothesis& hypothesis) { return static_cast<int>(hypothesis.words.size()) < kOptions.max_length; }

Batch one_pair(const std::vector<int>& source, std::vector<int> words) {
  const Pair pair{source, std::move(words)};
  const int chosen = 0;
  return make_batch({&pair, 1}, {&chosen, 1});
}

}

TEST_CASE("search: a hypothesis has the log-probability that the model gives to its words") {
  ThreadPool pool(1);
  for (const AttentionKind attention : {AttentionKind::None, AttentionKind::Bahdanau, AttentionKind::Luong}) {
    Seq2Seq model(config(attention));
    make_sure(model);
    const std::vector<std::vector<int>> sources = make_sources(20);
    const std::vector<Hypothesis> found = search_all(model, sources, kOptions, 7, pool);
    REQUIRE(found.size() == sources.size());
    std::size_t checked = 0, longest = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!ended(found[i])) continue;
      std::vector<int> words = found[i].words;
      words.push_back(kEnd);
      const Tape tape(Tape::Inference);
      CHECK(found[i].log_probability ==
            doctest::Approx(-model.loss(one_pair(sources[i], words), {}).item()).epsilon(1e-4));
      CHECK(found[i].score == doctest::Approx(found[i].log_probability / static_cast<double>(words.size())));
      longest = std::max(longest, words.size());
      ++checked;
    }
    CHECK(checked >= 3);
    CHECK(longest >= 4);
  }
}

TEST_CASE("search: a beam of one takes the best word at every step") {
  ThreadPool pool(2);
  Seq2Seq model(config(AttentionKind::Bahdanau));
  make_sure(model);
  const std::vector<std::vector<int>> sources = make_sources(6);
  SearchOptions options = kOptions;
  options.beam = 1;
  const std::vector<Hypothesis> found = search_all(model, sources, options, 64, pool);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    std::vector<int> words = found[i].words;
    if (ended(found[i])) words.push_back(kEnd);
    const Tape tape(Tape::Inference);
    const Array scores = model.logits(one_pair(sources[i], words)).value();
    for (std::size_t t = 0; t < words.size(); ++t) {
      const Real* row = scores.data + t * static_cast<std::size_t>(scores.cols());
      CHECK(words[t] == std::max_element(row + kEnd, row + scores.cols()) - row);
    }
  }
}

TEST_CASE("search: batches and threads change neither the translations nor their order") {
  for (const AttentionKind attention : {AttentionKind::None, AttentionKind::Bahdanau, AttentionKind::Luong}) {
    Seq2Seq model(config(attention));
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
