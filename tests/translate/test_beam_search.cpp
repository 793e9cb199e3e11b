#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "autograd/error.h"
#include "examples/translate/search/allowed_words.h"
#include "examples/translate/search/beam_search.h"
#include "tests/translate/search_helpers.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

/// The score of an ended hypothesis, from the formulas alone.
double score_of(const SearchOptions& options, const Hypothesis& hypothesis) {
  const auto length = static_cast<double>(hypothesis.words.size() + 1);
  const double base = options.length_penalty == LengthPenalty::Wu ? (5 + length) / 6 : length;
  double score = hypothesis.log_probability / std::pow(base, options.length_power);
  const std::size_t columns = hypothesis.attention.size() / (hypothesis.words.size() + 1);
  for (std::size_t j = 0; j + 1 < columns; ++j) {
    double attended = 0;
    for (std::size_t i = 0; i <= hypothesis.words.size(); ++i) attended += hypothesis.attention[i * columns + j];
    score += options.coverage_penalty * std::log(std::min(attended, 1.0));
  }
  return score;
}

/// All that a model with five words can say in at most four.
NBest everything(Seq2Seq& model, const std::vector<int>& source) {
  NBest result;
  std::vector<std::vector<int>> words(1);
  for (std::size_t i = 0; i < words.size(); ++i) {
    result.push_back(forced(model, source, words[i]));
    for (int word = kFirstWord; word < kFirstWord + 5 && words[i].size() < 4; ++word) {
      words.push_back(words[i]);
      words.back().push_back(word);
    }
  }
  return result;
}

std::vector<SearchOptions> all_penalties() {
  std::vector<SearchOptions> result;
  const SearchOptions wide{.beam = 700, .n_best = 3, .max_length = 4};  // no more than 5^4 are open at once
  for (const LengthPenalty penalty : {LengthPenalty::Power, LengthPenalty::Wu}) {
    for (const double power : {0.0, 0.6, 1.0, 3.0}) {
      for (const double coverage : {0.0, 0.3, 2.0}) {
        SearchOptions options = wide;
        options.length_penalty = penalty;
        options.length_power = power;
        options.coverage_penalty = coverage;
        result.push_back(options);
      }
    }
  }
  return result;
}

double mean_length(const std::vector<NBest>& found) {
  double words = 0;
  for (const NBest& hypotheses : found) words += static_cast<double>(hypotheses[0].words.size());
  return words / static_cast<double>(found.size());
}

bool repeats(const std::vector<int>& words, int n) {
  std::set<std::vector<int>> seen;
  for (auto begin = words.begin(); words.end() - begin >= n; ++begin) {
    if (!seen.insert({begin, begin + n}).second) return true;
  }
  return false;
}

}

TEST_CASE("beam search: a beam of all hypotheses finds the best of all, whatever the penalties") {
  const std::vector<int> source = {7, 12, 30, kEnd};
  std::set<std::vector<int>> winners;  // of each model, by penalty
  for (const AttentionKind attention : {AttentionKind::Bahdanau, AttentionKind::Luong}) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      Seq2Seq model(tiny_config(attention), seed);
      make_sure(model, 2, 0);
      NBest all = everything(model, source);
      REQUIRE(all.size() == 781);
      for (const SearchOptions& options : all_penalties()) {
        for (Hypothesis& hypothesis : all) hypothesis.score = score_of(options, hypothesis);
        std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
        const NBest found = n_best(model, {&source, 1}, options).front();
        REQUIRE(found.size() == 3);
        for (int i = 0; i < 3; ++i) {
          CHECK(found[i].words == all[i].words);
          CHECK(found[i].score == doctest::Approx(all[i].score).epsilon(1e-4));
        }
        if (seed == 1) winners.insert(found[0].words);
      }
    }
  }
  CHECK(winners.size() >= 4);  // so penalties matter
}

TEST_CASE("beam search: stopping at the first ended hypotheses may miss what the exact rule finds") {
  const std::vector<std::vector<int>> sources = make_sources(60);
  Seq2Seq model(random_config(AttentionKind::Bahdanau));
  make_sure(model);
  SearchOptions options{.beam = 3, .max_length = 20, .length_power = 1};
  const std::vector<NBest> exact = n_best(model, sources, options);
  options.stop = StopRule::First;
  const std::vector<NBest> first = n_best(model, sources, options);
  int better = 0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    CHECK(exact[i][0].score >= first[i][0].score);
    better += exact[i][0].score > first[i][0].score + 1e-3;
  }
  CHECK(better >= 3);
}

TEST_CASE("beam search: the n best come in order, each once, and the first is the best") {
  const std::vector<std::vector<int>> sources = make_sources(12);
  Seq2Seq model(random_config(AttentionKind::Luong));
  make_sure(model);
  SearchOptions options{.beam = 6, .n_best = 6, .max_length = 12};
  for (const NBest& found : n_best(model, sources, options)) {
    REQUIRE(found.size() == 6);
    std::set<std::vector<int>> words;
    for (const Hypothesis& hypothesis : found) words.insert(hypothesis.words);
    CHECK(words.size() == 6);
    CHECK(std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.score > b.score; }));
  }
}

TEST_CASE("beam search: limits of the length") {
  const std::vector<std::vector<int>> sources = make_sources(20);
  Seq2Seq model(random_config(AttentionKind::Bahdanau));
  make_sure(model);
  const auto lengths = [&](const SearchOptions& options) {
    std::vector<int> result;
    for (const NBest& found : n_best(model, sources, options))
      result.push_back(static_cast<int>(found[0].words.size()));
    return result;
  };
  const std::vector<int> free = lengths({.beam = 3, .max_length = 30});
  const auto [shortest, longest] = std::minmax_element(free.begin(), free.end());
  REQUIRE(*longest > *shortest);
  REQUIRE(*longest > 3);
  for (const int length : lengths({.beam = 3, .min_length = *shortest + 3})) CHECK(length >= *shortest + 3);
  for (const int beam : {1, 3}) {
    for (const int length : lengths({.beam = beam, .max_length = *longest - 1})) CHECK(length <= *longest - 1);
  }

  const std::vector<int> few = lengths({.beam = 3, .max_length_ratio = 0.4});
  const std::vector<int> many = lengths({.beam = 3, .min_length_ratio = 2.5});
  bool few_matters = false, many_matters = false;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto words = static_cast<double>(sources[i].size() - 1);
    CHECK(few[i] <= std::ceil(0.4 * words));
    CHECK(many[i] >= std::ceil(2.5 * words));
    few_matters |= free[i] > std::ceil(0.4 * words);
    many_matters |= free[i] < std::ceil(2.5 * words);
  }
  CHECK(few_matters);
  CHECK(many_matters);
}

TEST_CASE("length limits: the narrower one holds, rounded up, and the maximum before the minimum") {
  const auto limits = [](int min, int max, double min_ratio, double max_ratio, int words) {
    const LengthLimits found = length_limits(
        {.min_length = min, .max_length = max, .min_length_ratio = min_ratio, .max_length_ratio = max_ratio}, words);
    return std::pair(found.min, found.max);
  };
  CHECK(limits(0, 100, 0, 0, 7) == std::pair(0, 100));
  CHECK(limits(2, 100, 0.5, 1.5, 7) == std::pair(4, 11));
  CHECK(limits(5, 9, 0.5, 1.5, 7) == std::pair(5, 9));
  CHECK(limits(20, 100, 0, 1.5, 7) == std::pair(11, 11));
  CHECK(limits(0, 100, 0, 0.01, 7) == std::pair(0, 1));
  CHECK(limits(0, 100, 1e300, 1e300, 7) == std::pair(100, 100));
}

TEST_CASE("beam search: a larger power of the length makes translations longer, by either penalty") {
  const std::vector<std::vector<int>> sources = make_sources(40);
  Seq2Seq model(random_config(AttentionKind::Bahdanau));
  make_sure(model);
  const auto mean = [&](LengthPenalty penalty, double power) {
    SearchOptions options{.beam = 5, .max_length = 20};
    options.length_penalty = penalty;
    options.length_power = power;
    return mean_length(n_best(model, sources, options));
  };
  CHECK(mean(LengthPenalty::Power, 0) < mean(LengthPenalty::Power, 1));
  CHECK(mean(LengthPenalty::Wu, 0) == mean(LengthPenalty::Power, 0));
  CHECK(mean(LengthPenalty::Wu, 0) < mean(LengthPenalty::Wu, 1));
  CHECK(mean(LengthPenalty::Wu, 1) < mean(LengthPenalty::Power, 1));  // it divides by less
}

TEST_CASE("beam search: no n-gram is repeated that must not be") {
  CHECK(repeating_words(std::vector{4, 5, 6, 4, 5}, 3) == std::vector{6});
  CHECK(repeating_words(std::vector{4, 5, 4, 6, 4}, 2) == std::vector{5, 6});
  CHECK(repeating_words(std::vector{4, 5}, 1) == std::vector{4, 5});
  CHECK(repeating_words(std::vector{4}, 3).empty());
  CHECK(repeating_words(std::vector<int>{}, 2).empty());

  const std::vector<std::vector<int>> sources = make_sources(20);
  Seq2Seq model(random_config(AttentionKind::None));
  make_sure(model);
  for (const int n : {1, 2, 3}) {
    bool repeated = false;
    SearchOptions options{.beam = 4, .n_best = 4, .min_length = 10, .max_length = 20};
    for (const NBest& found : n_best(model, sources, options)) {
      for (const Hypothesis& hypothesis : found) repeated |= repeats(hypothesis.words, n);
    }
    CHECK(repeated);
    options.no_repeat_ngram = n;
    for (const NBest& found : n_best(model, sources, options)) {
      for (const Hypothesis& hypothesis : found) CHECK_FALSE(repeats(hypothesis.words, n));
    }
  }
}

TEST_CASE("beam search: what can neither go on nor end ends") {
  Seq2Seq model(tiny_config(AttentionKind::Bahdanau));
  make_sure(model, 2, 0);
  const std::vector<int> source = {7, 12, kEnd};
  for (const bool sample : {false, true}) {
    SearchOptions options{.beam = 3, .n_best = 3, .min_length = 8, .no_repeat_ngram = 1};
    options.sample = sample;
    const NBest found = n_best(model, {&source, 1}, options).front();
    REQUIRE(found.size() == 3);
    for (const Hypothesis& hypothesis : found) CHECK(hypothesis.words.size() == 5);  // each word once
  }
}

TEST_CASE("beam search: <unk> is written only if it may be") {
  const std::vector<std::vector<int>> sources = make_sources(10);
  Seq2Seq model(random_config(AttentionKind::Bahdanau));
  make_sure(model);
  model.decoder().output().bias->value().data[kUnknown] = 5;
  const auto unknown = [&](const SearchOptions& options) {
    std::size_t count = 0;
    for (const NBest& found : n_best(model, sources, options)) {
      for (const int word : found[0].words) {
        CHECK(word != kBegin);
        CHECK(word != 0);
        count += word == kUnknown;
      }
    }
    return count;
  };
  for (const bool sample : {false, true}) {
    SearchOptions options{.beam = 3, .max_length = 20};
    options.sample = sample;
    CHECK(unknown(options) == 0);
    options.unknown = true;
    CHECK(unknown(options) > 0);
  }
}

TEST_CASE("beam search: the coverage penalty wants all of the source attended to") {
  CHECK(coverage(std::vector<Real>{0.5, 0.25, 0.25, 0.75, 0.25, 0}, 3) == doctest::Approx(std::log(0.5)));
  CHECK(coverage(std::vector<Real>{0, 1}, 2) == doctest::Approx(std::log(1e-9)));

  const std::vector<std::vector<int>> sources = make_sources(20);
  Seq2Seq model(random_config(AttentionKind::Bahdanau));
  make_sure(model);
  const auto total = [&](double beta) {
    SearchOptions options{.beam = 8, .max_length = 20, .coverage_penalty = beta, .attention = true};
    double sum = 0;
    const std::vector<NBest> found = n_best(model, sources, options);
    for (std::size_t i = 0; i < found.size(); ++i) {
      sum += coverage(found[i][0].attention, static_cast<int>(sources[i].size()));
    }
    return sum;
  };
  CHECK(total(1) > total(0) + 0.1);
}

TEST_CASE("beam search: its tree has all that it looked at, and what became of it") {
  Seq2Seq model(random_config(AttentionKind::Bahdanau));
  make_sure(model);
  const auto sources = make_sources(12);
  const Member member{&model, sources};
  for (const StopRule stop : {StopRule::Exact, StopRule::First}) {
    for (const int beam : {1, 4}) {
      const SearchOptions options{.beam = beam, .stop = stop, .max_length = 12};
      for (int i = 0; i < 12; ++i) {
        SearchTree tree;
        const Hypothesis found = beam_search({&member, 1}, {&i, 1}, options, &tree).front().front();
        const Hypothesis without = beam_search({&member, 1}, {&i, 1}, options).front().front();
        CHECK(found.words == without.words);
        CHECK(found.log_probability == without.log_probability);

        REQUIRE(tree.best >= 0);
        CHECK(tree.nodes[tree.best].score == found.score);
        CHECK(tree.nodes[tree.best].log_probability == found.log_probability);
        std::vector<int> words;
        for (int at = tree.nodes[tree.best].parent; at >= 0; at = tree.nodes[at].parent)
          words.insert(words.begin(), tree.nodes[at].word);
        CHECK(words == found.words);

        std::vector<int> open(13);  // hypotheses of each step that were kept
        for (std::size_t n = 0; n < tree.nodes.size(); ++n) {
          const SearchTree::Node& node = tree.nodes[n];
          CHECK((node.step == 0) == (node.parent < 0));
          if (node.parent >= 0) {
            const SearchTree::Node& parent = tree.nodes[node.parent];
            CHECK(parent.fate == SearchTree::Fate::Kept);
            CHECK(parent.step + 1 == node.step);
            CHECK(node.log_probability <= parent.log_probability);
          }
          if (n > 0 && tree.nodes[n - 1].step == node.step)
            CHECK(node.log_probability <= tree.nodes[n - 1].log_probability);
          CHECK((node.fate == SearchTree::Fate::Ended) <= (node.word == kEnd));
          if (node.fate == SearchTree::Fate::Ended) CHECK(node.score <= found.score);
          open[node.step] += node.fate == SearchTree::Fate::Kept;
        }
        CHECK(*std::max_element(open.begin(), open.end()) <= beam);
      }
    }
  }
  SearchTree tree;
  const int two[] = {0, 1};
  CHECK_THROWS_WITH_AS(beam_search({&member, 1}, two, {}, &tree), "beam_search: a tree is of one source, here are 2",
                       Error);
}
