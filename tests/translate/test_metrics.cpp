#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/base/join_words.h"
#include "examples/translate/base/version.h"
#include "examples/translate/input/read_file.h"
#include "examples/translate/metrics/bleu.h"
#include "examples/translate/metrics/chrf.h"
#include "examples/translate/metrics/significance.h"
#include "examples/translate/metrics/ter.h"
#include "examples/translate/text/unicode.h"
#include "nn/storage/json.h"
#include "tests/support/address_sanitizer.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

constexpr double kTolerance = 1e-9;

bool near(double a, double b) { return std::abs(a - b) <= kTolerance; }
bool near(double a, const Json& b) { return near(a, b.as<double>()); }

/// What sacreBLEU says, written by golden/make_metrics.py. GRADUS_GOLDEN_DIR is the folder.
const Json& golden() {
  static const Json values = Json::parse(read_file(GRADUS_GOLDEN_DIR "/metrics.json"));
  return values;
}

struct ScoredCorpus {
  std::vector<std::string> hypotheses;
  References references;
};

/// The golden segments with at most so many references each.
ScoredCorpus golden_corpus(size_t most_references) {
  ScoredCorpus corpus;
  for (const Json& segment : golden()["segments"].items()) {
    const std::vector<std::string> lines = segment.items_as<std::string>();
    corpus.hypotheses.push_back(lines.front());
    const size_t end = std::min(lines.size(), 1 + most_references);
    corpus.references.emplace_back(lines.begin() + 1, lines.begin() + static_cast<ptrdiff_t>(end));
  }
  return corpus;
}

/// The metric with sacreBLEU's options; those that are not given have their defaults.
std::unique_ptr<Metric> make_metric(const Json& options) {
  const auto kind = options["metric"].as<std::string>();
  if (kind == "ter") {
    return std::make_unique<Ter>(TercomOptions{
        .normalized = options.value_or("normalized", false),
        .no_punct = options.value_or("no_punct", false),
        .asian_support = options.value_or("asian_support", false),
        .case_sensitive = options.value_or("case_sensitive", false),
    });
  }
  if (kind == "chrf") {
    const ChrfOptions defaults;
    return std::make_unique<Chrf>(ChrfOptions{
        .char_order = options.value_or("char_order", defaults.char_order),
        .word_order = options.value_or("word_order", defaults.word_order),
        .beta = options.value_or("beta", defaults.beta),
        .lowercase = options.value_or("lowercase", false),
        .whitespace = options.value_or("whitespace", false),
        .epsilon = options.value_or("eps_smoothing", false),
    });
  }
  BleuOptions bleu{
      .tokenizer = choice_named<Tokenizer>(options.value_or<std::string>("tokenize", "13a")),
      .lowercase = options.value_or("lowercase", false),
      .smoothing = choice_named<Smoothing>(options.value_or<std::string>("smooth_method", "exp")),
      .max_order = options.value_or("max_ngram_order", BleuOptions().max_order),
      .effective_order = options.value_or("effective_order", false),
  };
  if (options.find("smooth_value") != nullptr) bleu.smoothing_value = options["smooth_value"].as<double>();
  return std::make_unique<Bleu>(bleu);
}

/// The score of the segments from `first` up to `last`.
double slice_score(const Metric& metric, const SegmentStatistics& statistics, size_t first, size_t last) {
  SegmentStatistics slice(metric.width());
  for (size_t i = first; i < last; ++i) slice.add(statistics[i]);
  return metric.score(slice.sums());
}

size_t count_differing_rows(const SegmentStatistics& statistics, const Json& expected) {
  REQUIRE(statistics.size() == expected.size());
  size_t differing = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    bool equal = true;
    for (size_t k = 0; k < expected[i].size(); ++k) equal = equal && near(statistics[i][k], expected[i][k]);
    if (!equal) MESSAGE("segment ", i, ": ", golden()["segments"][i].dump(), " expected ", expected[i].dump());
    differing += equal ? 0 : 1;
  }
  return differing;
}

}

TEST_CASE("the golden segments are many and varied") {
  CHECK(golden()["segments"].size() > 2000);
  CHECK(golden()["records"].size() > 50);
}

TEST_CASE("tokenisers split lines as sacreBLEU's do") {
  const Json& expected = golden()["tokenized"];
  const auto check = [&](const std::string& name, const auto& split) {
    CAPTURE(name);
    for (size_t i = 0; i < expected["lines"].size(); ++i) {
      CAPTURE(expected["lines"][i].dump());
      CHECK(split(expected["lines"][i].as<std::string>()) == expected[name][i].as<std::string>());
    }
  };
  const auto bleu = [&](Tokenizer kind) {
    return [=](const std::string& line) { return join_words(tokenize(line, kind)); };
  };
  const auto tercom = [&](TercomOptions options) {
    return [=](const std::string& line) { return join_words(tokenize_tercom(line, options)); };
  };
  check("lower", [](const std::string& line) { return lower_case(line); });
  check("13a", bleu(Tokenizer::k13a));
  check("intl", bleu(Tokenizer::kIntl));
  check("char", bleu(Tokenizer::kChar));
  check("tercom", tercom({}));
  check("tercom normalized asian", tercom({.normalized = true, .asian_support = true}));
  check("tercom no_punct", tercom({.no_punct = true}));
  check("tercom case_sensitive no_punct asian",
        tercom({.no_punct = true, .asian_support = true, .case_sensitive = true}));
}

TEST_CASE("statistics, scores and signatures are sacreBLEU's for every metric and option") {
  const ScoredCorpus corpora[] = {golden_corpus(1), golden_corpus(3)};
  int number = 0;
  for (const Json& record : golden()["records"].items()) {
    if (kAddressSanitizer && number++ % 5 != 0) continue;  // a sample of them, for its time
    const ScoredCorpus& corpus = corpora[record["references"].as<int>() == 1 ? 0 : 1];
    const std::unique_ptr<Metric> metric = make_metric(record);
    const auto signature_text = record["signature"].as<std::string>();
    CAPTURE(record["name"].dump());
    CAPTURE(signature_text);
    CHECK(metric->name() == record["name"].as<std::string>());
    const SegmentStatistics statistics = corpus_statistics(*metric, corpus.hypotheses, corpus.references);
    if (record.find("statistics") != nullptr) CHECK(count_differing_rows(statistics, record["statistics"]) == 0);

    size_t differing = 0;
    for (size_t i = 0; i < record["scores"].size(); ++i) {
      const Json& slice = golden()["slices"][i];
      const auto first = slice[0].as<size_t>(), last = slice[1].as<size_t>();
      const double score = slice_score(*metric, statistics, first, last), expected = record["scores"][i].as<double>();
      if (near(score, expected)) continue;
      MESSAGE("segments ", first, " to ", last, ": ", score, ", expected ", expected);
      ++differing;
    }
    CHECK(differing == 0);
    if (record.find("sentences") != nullptr) {
      differing = 0;
      for (size_t i = 0; i < statistics.size(); ++i) {
        differing += near(metric->score(statistics[i]), record["sentences"][i]) ? 0 : 1;
      }
      CHECK(differing == 0);
    }
    if (record.find("max_ngram_order") != nullptr) continue;  // sacreBLEU's signature is silent about it, ours is not
    CHECK(signature(*metric, corpus.references) == signature_text + "|version:gradus-" + program_version());
  }
}

TEST_CASE("intervals and p-values are sacreBLEU's for the same resamples and exchanges") {
  const Json& expected = golden()["significance"];
  const auto first = expected["first_segment"].as<size_t>();
  const std::vector<std::string> baseline_lines = expected["baseline"].items_as<std::string>();
  const ScoredCorpus all = golden_corpus(3);
  const auto part = [&](const auto& values) {
    const auto begin = values.begin() + static_cast<ptrdiff_t>(first);
    return std::vector(begin, begin + static_cast<ptrdiff_t>(baseline_lines.size()));
  };
  const References references = part(all.references);
  for (const Json& test : expected["tests"].items()) {
    CAPTURE(test["metric"].dump());
    const std::unique_ptr<Metric> metric = make_metric(test);
    const SegmentStatistics system = corpus_statistics(*metric, part(all.hypotheses), references);
    const SegmentStatistics baseline = corpus_statistics(*metric, baseline_lines, references);
    const double difference = std::abs(metric->score(system.sums()) - metric->score(baseline.sums()));
    CHECK(near(difference, test["difference"]));

    std::vector<double> system_scores, baseline_scores;
    for (const Json& drawn : expected["resamples"].items()) {
      const std::vector<size_t> segments = drawn.items_as<size_t>();
      const size_t i = system_scores.size();
      system_scores.push_back(resampled_score(*metric, system, segments));
      baseline_scores.push_back(resampled_score(*metric, baseline, segments));
      CHECK(near(system_scores[i], test["system_scores"][i]));
      CHECK(near(baseline_scores[i], test["baseline_scores"][i]));
    }
    const ConfidenceInterval interval = confidence_interval(system_scores);
    CHECK(near(interval.mean, test["mean"]));
    CHECK(near(interval.half_width(), test["half_width"]));
    CHECK(near(paired_bootstrap_p(system_scores, baseline_scores, difference), test["bootstrap_p"]));

    std::vector<double> differences;
    for (const std::string& text : expected["exchanges"].items_as<std::string>()) {
      const size_t i = differences.size();
      std::vector<bool> exchange;
      for (const char c : text) exchange.push_back(c == '1');
      const auto [ours, theirs] = exchanged_scores(*metric, system, baseline, exchange);
      CHECK(near(ours, test["first"][i]));
      CHECK(near(theirs, test["second"][i]));
      differences.push_back(std::abs(ours - theirs));
    }
    CHECK(near(p_value(differences, difference), test["randomisation_p"]));
  }
}

TEST_CASE("resamples are drawn evenly, and the same for the same seed") {
  std::vector<size_t> counts(10);
  for (size_t number = 0; number < 2000; ++number) {
    for (const size_t segment : resample(10, 7, number)) ++counts.at(segment);
  }
  for (const size_t count : counts) CHECK(std::abs(static_cast<double>(count) - 2000) < 200);  // 4.7 deviations
  CHECK(resample(100, 7, 3) == resample(100, 7, 3));
  CHECK(resample(100, 7, 3) != resample(100, 7, 4));
  CHECK(resample(100, 7, 3) != resample(100, 8, 3));
}

TEST_CASE("tests of significance tell equal systems from different ones") {
  std::vector<std::string> good, bad, references;
  for (int i = 0; i < 100; ++i) {
    references.push_back("the cat number " + std::to_string(i) + " sat on the mat .");
    good.push_back("the cat number " + std::to_string(i) + (i % 3 == 0 ? " sits on a mat ." : " sat on the mat ."));
    bad.push_back("a cat number " + std::to_string(i) + (i % 2 == 0 ? " sits on a mat ." : " sat on the mat ."));
  }
  const Bleu bleu({.tokenizer = Tokenizer::kNone});
  const References segments = references_of(std::span(&references, 1));
  const SegmentStatistics a = corpus_statistics(bleu, good, segments), b = corpus_statistics(bleu, bad, segments);
  const std::vector<double> a_scores = bootstrap_scores(bleu, a, 200, 1), b_scores = bootstrap_scores(bleu, b, 200, 1);
  const double difference = bleu.score(a.sums()) - bleu.score(b.sums());
  CHECK(difference > 10);
  CHECK(paired_bootstrap_p(a_scores, b_scores, difference) == doctest::Approx(1.0 / 201));
  CHECK(randomisation_p(bleu, a, b, 200, 1) == doctest::Approx(1.0 / 201));
  CHECK(randomisation_p(bleu, a, a, 200, 1) ==
        doctest::Approx(1.0 / 201));  // equal systems never differ by more than 0
  const ConfidenceInterval interval = confidence_interval(a_scores);
  CHECK(interval.low < bleu.score(a.sums()));
  CHECK(interval.high > bleu.score(a.sums()));

  // Two systems of which each has the better half of the segments do not differ.
  std::swap_ranges(good.begin(), good.begin() + 50, bad.begin());
  const SegmentStatistics c = corpus_statistics(bleu, good, segments), d = corpus_statistics(bleu, bad, segments);
  CHECK(randomisation_p(bleu, c, d, 200, 1) > 0.2);
}

TEST_CASE("BLEU of a translation by hand") {
  // 6 of 7 words, 4 of 6 pairs, 2 of 5 triples and 1 of 4 quadruples match; 7 words against 8.
  const auto score = [](const std::string& hypothesis, const std::string& reference, BleuOptions options) {
    return corpus_bleu(std::vector{hypothesis}, std::vector{reference}, options).score;
  };
  const double expected = 100 * std::exp(1 - 8.0 / 7) * std::pow(6.0 / 7 * 4 / 6 * 2 / 5 * 1 / 4, 0.25);
  CHECK(score("a b c d x f g", "a b c d e f g h", {.tokenizer = Tokenizer::kNone}) == doctest::Approx(expected));
  CHECK(score("The cat sat here.", "the CAT sat here.", {.lowercase = true}) == doctest::Approx(100));
  CHECK(score("The cat sat here.", "the CAT sat here.", {}) < 50);
}

TEST_CASE("edits of a translation by hand") {
  const auto edits = [](const std::string& hypothesis, const std::string& reference) {
    return Ter().statistics(hypothesis, std::vector{reference})[0];
  };
  CHECK(edits("a b c d", "a b c d") == 0);
  CHECK(edits("a b x d", "a b c d") == 1);    // a substitution
  CHECK(edits("a b d", "a b c d") == 1);      // an insertion
  CHECK(edits("a b c c d", "a b c d") == 1);  // a deletion
  CHECK(edits("c d a b", "a b c d") == 1);    // a shift of two words, where two insertions and deletions were four
  CHECK(edits("c d A x", "a b c d") == 2);    // a shift and a substitution, in lower case
  CHECK(edits("a b", "") == 2);
  CHECK(edits("", "a b") == 2);
}

TEST_CASE("summaries show the score and what it is made of") {
  const std::vector<std::string> hypotheses{"a b c d"};
  const References references{{"a b c d e"}};
  const auto summary = [&](const Metric& metric) {
    return metric.summary(corpus_statistics(metric, hypotheses, references).sums());
  };
  CHECK(summary(Bleu()) == "BLEU 77.88 100.0/100.0/100.0/100.0 (brevity penalty 0.779, 4 words, reference 5)");
  CHECK(summary(Chrf({.word_order = 2})) == "chrF2++ 75.47");
  CHECK(summary(Ter()) == "TER 20.00 (1 edits, 5.0 reference words)");
  CHECK(signature(Bleu({.max_order = 2}), references, "bs:1000|seed:1") ==
        std::string("nrefs:1|bs:1000|seed:1|case:mixed|eff:no|tok:13a|smooth:exp|order:2|version:gradus-") +
            program_version());
}

TEST_CASE("wrong corpora and options are errors") {
  const std::vector<std::string> two{"a", "b"}, one{"a"};
  CHECK_THROWS_WITH_AS(corpus_bleu(two, one),
                       "BLEU: 2 hypotheses, but references for 1; need references for every hypothesis", Error);
  CHECK_THROWS_WITH_AS(corpus_statistics(Ter(), two, {{"a"}, {}}), "TER: segment 2 has no reference; need one or more",
                       Error);
  CHECK_THROWS_WITH_AS(Bleu({.smoothing_value = 1}), "BLEU: smoothing exp takes no value; floor and add-k do", Error);
  CHECK_THROWS_WITH_AS(Bleu({.smoothing = Smoothing::kFloor, .smoothing_value = 0}),
                       "BLEU: the smoothing value is 0; need more than 0", Error);
  CHECK_THROWS_AS(Bleu({.max_order = 0}), Error);
  CHECK_THROWS_AS(Chrf({.char_order = 0}), Error);
  CHECK_THROWS_AS(Chrf({.beta = 0}), Error);
  CHECK_THROWS_AS(choice_named<Tokenizer>("zh"), Error);
  CHECK_THROWS_AS(choice_named<Smoothing>("linear"), Error);
  CHECK_THROWS_AS(confidence_interval({}), Error);
}
