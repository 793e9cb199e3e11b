#include <doctest/doctest.h>

#include <cmath>

#include "examples/translate/report/chart.h"
#include "examples/translate/report/markup.h"
#include "examples/translate/report/report.h"
#include "tests/support/markup.h"

using namespace gradus::translate;

namespace {

TrainingHistory some_history() {
  TrainingHistory history;
  for (int i = 1; i <= 1000; ++i) {
    const auto step = static_cast<std::uint64_t>(i);
    history.steps.push_back({step, 1 + (i - 1) / 500, 5.0 / i, 0.001, 1.5, 100, 0.1 * i});
  }
  history.validations.push_back({500, 1, 3, 20, 10.5, true, 50, {{"ein <hund>", "a \"dog\"", "a cat"}}});
  history.validations.push_back({1000, 2, 2, 7, 9.25, false, 100, {{"ein <hund>", "a \"dog\"", "a cat"}}});
  return history;
}

}

TEST_CASE("markup: what would end the text is escaped") {
  CHECK(escape_markup("a<b> & \"c\"") == "a&lt;b&gt; &amp; &quot;c&quot;");
  CHECK(escape_markup("x\x01\xFF") == "x\uFFFD\uFFFD");
}

TEST_CASE("chart: well-formed, with a mark for every point of a short curve") {
  const std::vector<Chart> charts = {
      {"a & b", "x", "y", {{"one", {{1, 2}, {2, 4}, {3, 8}}}, {"two", {{1, NAN}, {2, 3}}}}},
      {"empty", "x", "y", {{"none", {}}}},
      {"flat", "x", "y", {{"flat", {{0, 5}, {1, 5}}}}, false},
  };
  const std::string svg = charts_svg(charts, 2);
  CHECK(is_well_formed(svg));
  CHECK(count(svg, "<circle") == 6);
  CHECK(svg.find("<title>3: 8</title>") != std::string::npos);
  CHECK(svg.find("a &amp; b") != std::string::npos);
  CHECK(count(svg, ">one</text>") == 1);   // each name in a line of its own, however long it is
  CHECK(count(svg, ">none</text>") == 0);  // one curve alone needs none
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
  CHECK(is_well_formed(charts_svg({}, 3)));
}

TEST_CASE("chart: zero has no sign") {
  const std::string svg =
      charts_svg(std::vector<Chart>{{"around zero", "x", "y", {{"", {{-0.0, -0.3}, {0.5, 1}}}}}}, 1);
  CHECK(svg.find(">0</text>") != std::string::npos);
  CHECK(svg.find(">0: -0.3</title>") != std::string::npos);
  CHECK(svg.find(">-0<") == std::string::npos);
  CHECK(svg.find(">-0:") == std::string::npos);
}

TEST_CASE("chart: thinned curves keep their means") {
  std::vector<Chart::Point> points;
  for (int i = 0; i < 1000; ++i) points.push_back({double(i), 2.0 * i});
  const std::vector<Chart::Point> thin = thin_out(points, 100);
  REQUIRE(thin.size() == 100);
  CHECK(thin[0].x == 4.5);
  CHECK(thin[99].y == 2 * 994.5);
  CHECK(thin_out(points, 1000).size() == 1000);
}

TEST_CASE("report: one page with what the log tells") {
  TrainConfig config;
  config.hidden = 321;
  const Heatmap map{{"ein", "hund"}, {"a", "dog"}, {1, 0, 0, 1}};
  const std::string html = report_html("model <1>", config, some_history(), {&map, 1});
  CHECK(html.starts_with("<!DOCTYPE html>"));
  CHECK(html.find("model &lt;1&gt;") != std::string::npos);
  CHECK(html.find("BLEU 10.50, perplexity 20.00, after epoch 1") != std::string::npos);
  CHECK(count(html, "a cat") == 1);  // it did not change
  CHECK(html.find("ein &lt;hund&gt;") != std::string::npos);
  CHECK(html.find("a &quot;dog&quot;") != std::string::npos);
  CHECK(html.find("<th>hidden</th><td>321</td>") != std::string::npos);
  CHECK(html.find("<title>hund → dog: 1.000</title>") != std::string::npos);
  CHECK(count(html, "<svg") == 2);
  for (const char* curve : {"cross-entropy", "validation BLEU", "learning rate", "gradient norm before clipping"}) {
    CAPTURE(curve);
    CHECK(html.find(curve) != std::string::npos);
  }
  CHECK(count(html, "<?xml") == 0);
  CHECK(html.find("100000") != std::string::npos);                      // words
  CHECK(html.find("http") == html.find("http://www.w3.org/2000/svg"));  // it loads nothing
}
