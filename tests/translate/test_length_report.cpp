#include <doctest/doctest.h>

#include "examples/translate/metrics/bleu.h"
#include "examples/translate/report/length_report.h"

using namespace gradus::translate;

namespace {

const std::vector<std::string> kLines = {"a b c d", "a", "a b  c d e f g", "", "a b c", "\ta b c d "};

}

TEST_CASE("lengths: bins begin with one word, and those without a line are left out") {
  const std::vector<LengthBin> bins = length_bins(kLines, 2);
  REQUIRE(bins.size() == 3);
  CHECK(bins[0].first == 1);
  CHECK(bins[0].last == 2);
  CHECK(bins[0].segments == std::vector<size_t>{1});
  CHECK(bins[1].first == 3);
  CHECK(bins[1].segments == std::vector<size_t>{0, 4, 5});
  CHECK(bins[2].first == 7);
  CHECK(bins[2].last == 8);
  CHECK(bins[2].segments == std::vector<size_t>{2});
  CHECK(length_bins(kLines, 100).size() == 1);
  CHECK(length_bins({}, 1).empty());
}

TEST_CASE("lengths: the scores of each bin are those of its sentences as a text of their own") {
  const Bleu bleu({.tokenizer = Tokenizer::kNone});
  const std::vector<std::string> references = {"u v w x y", "u v w x", "a b c d e f"};
  const std::vector<std::string> good = references, poor = {"u v w x z", "u v w x", "a b c d"};
  const References as_references = references_of(std::span(&references, 1));
  LengthReport report{"title", bleu.name(), length_bins(std::vector<std::string>{"a a", "a a", "a a a a a"}, 2)};
  report.add("good", bleu, corpus_statistics(bleu, good, as_references));
  report.add("poor", bleu, corpus_statistics(bleu, poor, as_references));
  for (const double score : report.systems[0].scores) CHECK(score == doctest::Approx(100));
  const std::vector<std::string> short_ones = {poor[0], poor[1]}, long_ones = {poor[2]};
  const double of_short =
      corpus_bleu(short_ones, std::span(references).first(2), {.tokenizer = Tokenizer::kNone}).score;
  const double of_long = corpus_bleu(long_ones, std::span(references).last(1), {.tokenizer = Tokenizer::kNone}).score;
  CHECK(report.systems[1].scores[0] == doctest::Approx(of_short));
  CHECK(report.systems[1].scores[1] == doctest::Approx(of_long));

  report.systems[1].scores = {50, 1.234};
  CHECK(report.table() == R"(  source words  sentences  BLEU good  BLEU poor
  1 to 2                2     100.00      50.00
  5 to 6                1     100.00       1.23
)");
  report.title.clear();
  CHECK(report.chart().title == "BLEU by the length of the source");
  report.title = "title";
  const Chart chart = report.chart();
  CHECK(chart.title == "title");
  CHECK(chart.y_name == "BLEU");
  REQUIRE(chart.series.size() == 2);
  CHECK(chart.series[1].name == "poor");
  REQUIRE(chart.series[1].points.size() == 2);
  CHECK(chart.series[1].points[0].x == 1.5);
  CHECK(chart.series[1].points[1].x == 5.5);
  CHECK(chart.series[1].points[1].y == 1.234);
}
