#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>

#include "examples/translate/report/chart.h"
#include "examples/translate/report/gradient_report.h"
#include "examples/translate/report/markup.h"
#include "examples/translate/report/report.h"
#include "tests/support/markup.h"
#include "tests/support/temporary_folder.h"

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

/// A training whose modules `a`, `b` and `c` have the norms that a function gives for an update; the whole gradient's
/// is the largest of them.
TrainingHistory history_of(std::uint64_t updates, const std::function<std::vector<double>(std::uint64_t)>& norms) {
  TrainingHistory history;
  for (std::uint64_t i = 1; i <= updates; ++i) {
    const std::vector<double> of = norms(i);
    history.steps.push_back(
        {i, 1, 5, 0.001, std::ranges::max(of), 100, 0.1, {{"a", of[0]}, {"b", of[1]}, {"c", of[2]}}});
  }
  return history;
}

using Sentences = std::vector<std::string>;

}

TEST_CASE("markup: what would end the text is escaped") {
  CHECK(escape_markup("a<b> & \"c\"") == "a&lt;b&gt; &amp; &quot;c&quot;");
  CHECK(escape_markup("x\x01\xFF") == "x\uFFFD\uFFFD");
  CHECK(escape_markup("\uFFFEx\uFFFF\xED\xA0\x80") == "\uFFFDx\uFFFD\uFFFD\uFFFD\uFFFD");
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

TEST_CASE("chart: numbers of any size have a few marks") {
  const double most = std::numeric_limits<double>::max();
  for (const double a : {0.0, 5e-324, 1e-300, 4e15, 9007199254740993.0, 1e300, most, -4e15, -1e300, -most}) {
    for (const double b : {a, std::nextafter(a, most), 2 * a, -a, 1.0, 1e300}) {
      Chart chart{.title = "", .x_name = "x", .y_name = "y", .series = {{"", {{a, a}, {b, b}}}}};
      for (const bool from_zero : {true, false}) {
        CAPTURE(a);
        CAPTURE(b);
        chart.from_zero = from_zero;
        const std::string svg = charts_svg({&chart, 1}, 1);
        CHECK(count(svg, "text-anchor=\"end\"") < 12);
        CHECK(svg.find("nan") == std::string::npos);
        CHECK(svg.find("inf") == std::string::npos);
      }
    }
  }
}

TEST_CASE("chart: zero has no sign") {
  const std::string svg =
      charts_svg(std::vector<Chart>{{"around zero", "x", "y", {{"", {{-0.0, -0.3}, {0.5, 1}}}}}}, 1);
  CHECK(svg.find(">0</text>") != std::string::npos);
  CHECK(svg.find(">0: -0.3</title>") != std::string::npos);
  CHECK(svg.find(">-0<") == std::string::npos);
  CHECK(svg.find(">-0:") == std::string::npos);
}

TEST_CASE(
    "chart: a logarithmic axis has powers of ten, all of the chart's points that have a logarithm, and no others") {
  Chart chart{.title = "", .x_name = "x", .y_name = "y", .series = {{"", {{1, 0.001}, {2, 0}, {3, -1}, {4, 100}}}}};
  chart.log_y = true;
  const std::string svg = charts_svg({&chart, 1}, 1);
  CHECK(is_well_formed(svg));
  CHECK(count(svg, "<circle") == 2);
  for (const char* mark : {"0.001", "0.01", "0.1", "1", "10", "100"}) {
    CAPTURE(mark);
    CHECK(svg.find(std::string("text-anchor=\"end\">") + mark + "</text>") != std::string::npos);
  }
  CHECK(svg.find("text-anchor=\"end\">0.5<") == std::string::npos);
  // From the lowest mark to the highest it is five decades, and 4% of them are left free on each side.
  const double decade = 190 / (5 * 1.08);
  for (const double power : {-3, 0, 2}) {
    const double y = 50 + 190 - (power + 3 + 5 * 0.04) * decade;
    CHECK(svg.find(fmt::format("<path d=\"M60.0 {:.1f}h300\"", y)) != std::string::npos);
  }
  chart.series = {{"", {{1, 2}, {2, 4}}}};  // less than two decades
  CHECK(charts_svg({&chart, 1}, 1).find("text-anchor=\"end\">2</text>") != std::string::npos);
  chart.series = {{"", {{1, 1e-300}, {2, 1e300}}}};
  CHECK(count(charts_svg({&chart, 1}, 1), "text-anchor=\"end\"") < 9);
  for (const std::vector<Chart::Point>& points : {std::vector<Chart::Point>{}, {{1, 0}}, {{1, 5}}}) {
    chart.series = {{"", points}};
    CHECK(charts_svg({&chart, 1}, 1).find("nan") == std::string::npos);
    CHECK(charts_svg({&chart, 1}, 1).find("inf") == std::string::npos);
  }
}

TEST_CASE("chart: more curves than colours are dashed, here and beside their names, which stand side by side") {
  Chart chart{.title = "", .x_name = "x", .y_name = "y", .series = {}, .width = 640, .height = 300};
  for (int i = 0; i < 7; ++i) chart.series.push_back({fmt::format("curve {}", i), {{0, 1.0 * i}, {1, 2.0 * i}}});
  const std::string svg = charts_svg({&chart, 1}, 1);
  CHECK(count(svg, "stroke-dasharray") == 2);
  CHECK(svg.find("width=\"720\"") != std::string::npos);
  CHECK(svg.find("height=\"448\"") != std::string::npos);  // of three lines of names
  chart.series.pop_back();
  CHECK(count(charts_svg({&chart, 1}, 1), "stroke-dasharray") == 0);
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
  config.label_smoothing = 0;
  const Heatmap map{{"ein", "hund"}, {"a", "dog"}, {1, 0, 0, 1}};
  const std::string html = report_html("model <1>", config, some_history(), {&map, 1});
  CHECK(html.starts_with("<!DOCTYPE html>"));
  CHECK(html.find("model &lt;1&gt;") != std::string::npos);
  CHECK(html.find("BLEU 10.50, perplexity 20.00, after epoch 1") != std::string::npos);
  CHECK(count(html, "a cat") == 1);  // it did not change
  CHECK(html.find("ein &lt;hund&gt;") != std::string::npos);
  CHECK(html.find("a &quot;dog&quot;") != std::string::npos);
  CHECK(html.find("<th>hidden</th><td>321 ") != std::string::npos);
  CHECK(html.find("<th>output_dropout</th><td>-1 &emsp;<span class=\"soft\">") !=
        std::string::npos);  // -1 is explained
  CHECK(html.find("before the output layer; -1: as --dropout") != std::string::npos);
  CHECK(html.find("<title>hund → dog: 1.000</title>") != std::string::npos);
  CHECK(count(html, "<svg") == 6 + 1);
  for (const char* curve : {"cross-entropy", "validation BLEU", "learning rate", "gradient norm before clipping"}) {
    CAPTURE(curve);
    CHECK(html.find(curve) != std::string::npos);
  }
  CHECK(count(html, "<?xml") == 0);
  CHECK(html.find("training (smoothed labels)") == std::string::npos);
  config.label_smoothing = 0.1;
  CHECK(report_html("m", config, some_history(), {}).find("training (smoothed labels)") != std::string::npos);
  CHECK(html.find("100000") != std::string::npos);                      // words
  CHECK(html.find("http") == html.find("http://www.w3.org/2000/svg"));  // it loads nothing
}

TEST_CASE("report: a validation whose perplexity is beyond all numbers") {
  const TemporaryFolder folder;
  const std::string path = folder.file("log.jsonl");
  TrainingLog(path, 0).write(TrainingLog::Validation{1, 1, 800, std::exp(800.0), 0, true, 1, {}});
  const TrainingHistory history = read_training_log(path);
  CHECK(history.validations.at(0).loss == 800);
  CHECK(history.validations[0].perplexity == HUGE_VAL);
  CHECK(report_html("m", TrainConfig(), history, {}).find("BLEU 0.00, perplexity inf, after epoch 1") !=
        std::string::npos);
}

TEST_CASE("gradients: nothing is said of a training that goes well, however its modules begin") {
  const auto healthy = [](std::uint64_t i) {
    const double begins_at_zero = i <= 40 ? 0 : 0.5, noise = 1 + 0.5 * std::sin(static_cast<double>(i));
    return std::vector<double>{begins_at_zero, 0.01 * noise, (i % 90 == 7 ? 90 : 1) * noise};
  };
  CHECK(gradient_findings(history_of(100, healthy), 1).empty());
  CHECK(gradient_findings(history_of(1, healthy), 1).empty());
  CHECK(gradient_findings({}, 1).empty());
  CHECK(gradient_findings(history_of(100, [](std::uint64_t) { return std::vector<double>(3); }), 1).empty());
}

TEST_CASE("gradients: the module whose gradient vanishes is named, if it does so at most of the updates") {
  const auto vanishing_until = [](std::uint64_t last) {
    return [=](std::uint64_t i) { return std::vector<double>{1, i <= last ? 0.9e-4 : 1.1e-4, 0.5}; };
  };
  CHECK(gradient_findings(history_of(100, vanishing_until(50)), 1).empty());
  CHECK(
      gradient_findings(history_of(100, vanishing_until(51)), 1) ==
      Sentences{"The gradient vanishes in b (51%): at so many of the updates its norm is below 1/10000 of the largest "
                "module's."});
  CHECK(gradient_findings(history_of(49, vanishing_until(49)), 1).empty());  // too early to say
  const auto none = [](std::uint64_t i) { return std::vector<double>{0, 1, i % 4 == 0 ? 1.0 : 0}; };
  CHECK(gradient_findings(history_of(100, none), 1)
            .front()
            .starts_with("The gradient vanishes in a (100%) and c (75%):"));
}

TEST_CASE("gradients: the module whose gradient explodes is named, the worst first") {
  const auto exploding = [](double times) {
    return [=](std::uint64_t i) { return std::vector<double>{0.1, i == 4 ? 2 * times : 2, i == 7 ? 4 * times : 1}; };
  };
  CHECK(gradient_findings(history_of(10, exploding(499)), 0).empty());
  CHECK(
      gradient_findings(history_of(10, exploding(501)), 0) ==
      Sentences{"The gradient explodes in c (1e+03 times, at update 7): so many times the norm of all modules together "
                "at the first update."});
  CHECK(
      gradient_findings(history_of(10, exploding(2e4)), 0) ==
      Sentences{"The gradient explodes in c (4e+04 times, at update 7) and b (2e+04 times, at update 4): so many times "
                "the norm of all modules together at the first update."});
}

TEST_CASE("gradients: more than a few modules are counted") {
  TrainingHistory history;
  for (std::uint64_t i = 1; i <= 2; ++i) {
    std::vector<ModuleNorm> norms;
    for (int k = 1; k <= 6; ++k) norms.push_back({fmt::format("m{}", k), i == 2 ? 1e4 * k : 0.1});
    history.steps.push_back({i, 1, 5, 0.001, 1, 100, 0.1, norms});
  }
  CHECK(gradient_findings(history, 0)
            .front()
            .starts_with("The gradient explodes in m6 (6e+04 times, at update 2), m5 (5e+04 times, at update 2), m4 "
                         "(4e+04 times, at update "
                         "2) and 3 more:"));
}

TEST_CASE("gradients: a gradient that clipping all but removes is large from the start") {
  const auto constant = [](std::uint64_t) { return std::vector<double>{3, 101, 5}; };
  CHECK(gradient_findings(history_of(50, constant), 1) ==
        Sentences{"Clipping leaves less than 1/100 of the gradient at 100% of the updates; most of it is that of b."});
  CHECK(gradient_findings(history_of(49, constant), 1).empty());
  CHECK(gradient_findings(history_of(50, constant), 2).empty());
  CHECK(gradient_findings(history_of(50, constant), 0).empty());  // no clipping
}

TEST_CASE("gradients: the page has the findings, a curve of each module, and a table with the weights") {
  TrainingHistory history = history_of(60, [](std::uint64_t i) { return std::vector<double>{1.0 * i, 1e-6, 0.5}; });
  CHECK(count(gradients_html(history, 0), "<td></td><td></td>") == 3);  // no weights yet
  history.validations.push_back({60, 1, 3, 20, 10.5, true, 50, {}, {{"a", 114}, {"b", 2}, {"c", 3}}});
  const std::string html = report_html("m", TrainConfig(), history, {});
  CHECK(html.find("<p class=\"finding\">The gradient vanishes in b (100%)") != std::string::npos);
  CHECK(html.find("gradient norm of each module before clipping") != std::string::npos);
  CHECK(html.find("<tr><th>a</th><td>4</td><td>58</td><td>114</td><td>0.51</td></tr>") != std::string::npos);
  CHECK(is_well_formed(gradients_html(history, 0)));
}

TEST_CASE("gradients: a log of a program that did not write norms of modules gives a report without them") {
  const TemporaryFolder folder;
  const std::string path = folder.file("log.jsonl");
  std::ofstream(path)
      << R"({"step":1,"epoch":1,"loss":8.67,"learning_rate":0.00001,"words":934,"gradient_norm":2.1,"seconds":0.2})"
      << '\n'
      << R"({"step":1,"epoch":1,"validation":{"loss":3.3,"perplexity":27.1,"bleu":8.4,"best":true},"seconds":88.1,)"
      << R"("samples":[{"source":"a","reference":"b","translation":"c"}]})" << '\n';
  TrainingHistory history = read_training_log(path);
  CHECK(history.steps.at(0).gradient_norm == 2.1);
  CHECK(history.steps.at(0).gradient_norms.empty());
  CHECK(history.validations.at(0).weight_norms.empty());
  CHECK(gradients_html(history, 1).empty());
  CHECK(report_html("m", TrainConfig(), history, {}).find("Gradients") == std::string::npos);

  // Resumed with this program, it has them from then on.
  TrainingLog(path, 1).write(
      TrainingLog::Step{2, 1, 8, 0.001, 3, 900, 0.4, {{"encoder.rnn", 1.23456}, {"decoder", 0}}});
  history = read_training_log(path);
  REQUIRE(history.steps.size() == 2);
  CHECK(history.steps[1].gradient_norms.at(0).module == "encoder.rnn");
  CHECK(history.steps[1].gradient_norms.at(0).norm == 1.235);
  CHECK(history.steps[1].gradient_norms.at(1).norm == 0);
  CHECK(count(gradients_html(history, 1), "<th>encoder.rnn</th>") == 1);
}
