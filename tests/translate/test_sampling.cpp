#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "examples/translate/search/sampling.h"
#include "examples/translate/search/scoring.h"
#include "ops/gemm/thread_pool.h"
#include "tests/translate/search_helpers.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

/// How often each word comes, of a thousand numbers that are spread evenly.
std::map<int, int> shares(const std::vector<Real>& scores, const SamplingOptions& options) {
  const SearchOptions search;
  const AllowedWords allowed(search, {0, 100}, {});
  std::map<int, int> result;
  for (int i = 0; i < 1000; ++i) ++result[sample_word(scores, allowed, options, (i + 0.5) / 1000)];
  return result;
}

using Shares = std::map<int, int>;

std::vector<std::vector<int>> words_of(const std::vector<NBest>& found) {
  std::vector<std::vector<int>> result;
  for (const NBest& hypotheses : found) {
    for (const Hypothesis& hypothesis : hypotheses) result.push_back(hypothesis.words);
  }
  return result;
}

}

TEST_CASE("sampling: words come with their probability") {
  std::vector<Real> scores = {20, 20, 20};  // never <pad>, <unk>, <s>
  for (const double probability : {0.2, 0.5, 0.1, 0.2}) scores.push_back(static_cast<Real>(std::log(probability)));
  CHECK(shares(scores, {}) == Shares{{3, 200}, {4, 500}, {5, 100}, {6, 200}});
  // Squares: 0.04, 0.25, 0.01, 0.04 of 0.34
  CHECK(shares(scores, {.temperature = 0.5}) == Shares{{3, 118}, {4, 735}, {5, 29}, {6, 118}});
  CHECK(shares(scores, {.top_k = 2}) == Shares{{3, 286}, {4, 714}});
  CHECK(shares(scores, {.top_k = 1}) == Shares{{4, 1000}});
  CHECK(shares(scores, {.top_k = 50}) == shares(scores, {}));
  CHECK(shares(scores, {.top_p = 0.5}) == Shares{{4, 1000}});
  CHECK(shares(scores, {.top_p = 0.69}) == Shares{{3, 286}, {4, 714}});
  CHECK(shares(scores, {.top_p = 0.75}) == Shares{{3, 222}, {4, 556}, {6, 222}});
  CHECK(shares(scores, {.top_k = 3, .top_p = 0.7}) == Shares{{3, 286}, {4, 714}});  // of 0.9
}

TEST_CASE("sampling: a low temperature, one word or a small share of them is greedy search") {
  const std::vector<std::vector<int>> sources = make_sources(12);
  Seq2Seq model(random_config(AttentionKind::Bahdanau));
  make_sure(model);
  const auto greedy = words_of(n_best(model, sources, {.beam = 1, .max_length = 12}));
  const auto sampled = [&](const SamplingOptions& sampling) {
    SearchOptions options{.max_length = 12};
    options.sample = true;
    options.sampling = sampling;
    return words_of(n_best(model, sources, options));
  };
  CHECK(sampled({.temperature = 0.001}) == greedy);
  CHECK(sampled({.top_k = 1}) == greedy);
  CHECK(sampled({.top_p = 0.001}) == greedy);
  CHECK(sampled({}) != greedy);
  CHECK(sampled({.seed = 1}) == sampled({.seed = 1}));
  CHECK(sampled({.seed = 1}) != sampled({.seed = 2}));
}

TEST_CASE("sampling: draws depend on seed, line and sample, not on batches and threads") {
  const std::vector<std::vector<int>> sources = make_sources(15);
  Seq2Seq model(random_config(AttentionKind::Luong));
  make_sure(model);
  const Member member{&model, sources};
  SearchOptions options{.n_best = 3, .max_length = 12};
  options.sample = true;
  const auto expected = words_of(n_best(model, sources, options));
  for (const int threads : {1, 2}) {
    ThreadPool pool(threads);
    for (const int batch_size : {1, 4, 64}) {
      CHECK(words_of(search_n_best({&member, 1}, first_lines(15), options, batch_size, pool)) == expected);
    }
  }

  // The last sentence alone is drawn as before if its line is the same, and otherwise if not.
  ThreadPool pool(1);
  const Member last{&model, std::span(sources).last(1)};
  const std::uint64_t line = 14, other = 3;
  const std::vector<std::vector<int>> same(expected.end() - 3, expected.end());
  CHECK(words_of(search_n_best({&last, 1}, {&line, 1}, options, 64, pool)) == same);
  CHECK(words_of(search_n_best({&last, 1}, {&other, 1}, options, 64, pool)) != same);
  CHECK((same[0] != same[1] || same[1] != same[2]));
}

TEST_CASE("sampling: samples come best first, with the log-probability that the model gives them") {
  const std::vector<std::vector<int>> sources = make_sources(8);
  Seq2Seq model(random_config(AttentionKind::Bahdanau));
  make_sure(model);
  SearchOptions options{.n_best = 4, .max_length = 12, .attention = true};
  options.sample = true;
  options.sampling = {.temperature = 0.7, .top_k = 20};
  const std::vector<NBest> found = n_best(model, sources, options);
  for (std::size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].size() == 4);
    CHECK(std::is_sorted(found[i].begin(), found[i].end(),
                         [](const auto& a, const auto& b) { return a.score > b.score; }));
    for (const Hypothesis& hypothesis : found[i]) {
      const Hypothesis again = forced(model, sources[i], hypothesis.words);
      CHECK(hypothesis.log_probability == doctest::Approx(again.log_probability).epsilon(1e-4));
      CHECK(hypothesis.attention.size() == again.attention.size());
    }
  }
}
