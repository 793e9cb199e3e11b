#include <doctest/doctest.h>

#include <vector>

#include "autograd/error.h"
#include "examples/translate/metrics/lag.h"
#include "examples/translate/search/step_decoder.h"
#include "tests/translate/search_helpers.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

Lag lag(const std::vector<int>& delays, int source_length) { return lag_of(delays, source_length); }

/// A model that reads its source as it comes.
ModelConfig simultaneous_config(const char* scope, int k = 2) {
  ModelConfig config = random_config(AttentionKind::Bahdanau);
  config.bidirectional = false;
  config.bridge = Bridge::Zero;
  config.attention.scope = scope;
  config.wait_k = k;
  return config;
}

}

TEST_CASE("lag: by hand") {
  // wait-k of translations as long as their sources lag by k.
  CHECK(lag({1, 2, 3, 4}, 4).average_lagging == doctest::Approx(1));
  CHECK(lag({1, 2, 3, 4}, 4).average_proportion == doctest::Approx(10.0 / 16));
  CHECK(lag({3, 4, 5, 5, 5}, 5).average_lagging == doctest::Approx(3));
  CHECK(lag({3, 4, 5, 5, 5}, 5).average_proportion == doctest::Approx(22.0 / 25));
  // Who waits lags by the whole sentence.
  CHECK(lag({4, 4, 4}, 4).average_lagging == doctest::Approx(4));
  CHECK(lag({4, 4, 4}, 4).average_proportion == doctest::Approx(1));
  // r = 2: an ideal one would write two words for each: (2 - 0) + (2 - 1/2) + (3 - 1) over 3.
  CHECK(lag({2, 2, 3, 3, 3, 3}, 3).average_lagging == doctest::Approx(5.5 / 3));
  // One that ends before it has read all of five words: (1 - 0) + (2 - 5/2) over 2.
  CHECK(lag({1, 2}, 5).average_lagging == doctest::Approx(0.25));
  CHECK(lag({1, 2}, 5).average_proportion == doctest::Approx(0.3));
  const Lag two[] = {{1, 0.5}, {4, 1}};
  CHECK(mean_of(two).average_lagging == doctest::Approx(2.5));
  CHECK(mean_of(two).average_proportion == doctest::Approx(0.75));
  CHECK_THROWS_WITH_AS(lag({}, 5), "lag: 0 delays for 5 words of the source; need at least one of each", Error);
  CHECK_THROWS_WITH_AS(lag({1}, 0), "lag: 1 delays for 0 words of the source; need at least one of each", Error);
}

TEST_CASE("lag: searches keep the delays of what they find, if they are asked for them") {
  const std::vector<std::vector<int>> sources = make_sources(5);
  for (const bool sample : {false, true}) {
    for (const int k : {2, 4}) {
      Seq2Seq model(simultaneous_config("wait-k", k));
      make_sure(model);
      const SearchOptions options{.beam = 3, .n_best = 3, .max_length = 20, .sample = sample, .delays = true};
      const std::vector<NBest> found = n_best(model, sources, options);
      for (std::size_t i = 0; i < sources.size(); ++i) {
        for (const Hypothesis& hypothesis : found[i]) {
          REQUIRE(hypothesis.delays.size() == hypothesis.words.size() + 1);
          for (int t = 0; t < static_cast<int>(hypothesis.delays.size()); ++t)
            CHECK(hypothesis.delays[t] == std::min(t + k, static_cast<int>(sources[i].size())));
        }
      }
      CHECK(n_best(model, sources, {.beam = 3, .max_length = 20})[0][0].delays.empty());
    }
  }
}

TEST_CASE("lag: monotonic attention has read what it attends to, and a model that waits all there is") {
  const std::vector<std::vector<int>> sources = make_sources(5);
  const SearchOptions options{.beam = 2, .max_length = 10, .attention = true, .delays = true};
  Seq2Seq monotonic(simultaneous_config("monotonic"));
  make_sure(monotonic);
  Seq2Seq whole(random_config(AttentionKind::Bahdanau));
  make_sure(whole);
  const std::vector<NBest> found = n_best(monotonic, sources, options), waited = n_best(whole, sources, options);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const int S = static_cast<int>(sources[i].size());
    const Hypothesis& hypothesis = found[i].front();
    for (std::size_t t = 0; t < hypothesis.delays.size(); ++t) {
      const Real* const weights = hypothesis.attention.data() + t * S;
      const auto stop = static_cast<int>(std::find(weights, weights + S, Real(1)) - weights);
      CHECK(hypothesis.delays[t] == std::min(stop + 1, S));
    }
    for (const int delay : waited[i].front().delays) CHECK(delay == S);
  }
  const std::vector<Member> both = {{&monotonic, sources}, {&whole, sources}};
  ThreadPool pool(1);
  for (const NBest& n_best : search_n_best(both, first_lines(sources.size()), options, 64, pool)) {
    const std::vector<int>& delays = n_best.front().delays;
    CHECK(std::ranges::count(delays, delays.back()) == static_cast<std::ptrdiff_t>(delays.size()));
  }
}
