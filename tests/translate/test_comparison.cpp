#include <doctest/doctest.h>

#include "examples/translate/comparison/comparison_page.h"
#include "examples/translate/comparison/comparison_text.h"
#include "examples/translate/comparison/differing_words.h"
#include "examples/translate/text/unicode.h"
#include "tests/support/markup.h"

using namespace gradus::translate;

namespace {

using Lines = std::vector<std::string>;

/// The words, those that differ between asterisks.
std::string marked(const std::vector<MarkedWord>& words) {
  std::string text;
  for (const MarkedWord& word : words) {
    if (!text.empty()) text += ' ';
    text += word.differs ? "*" + word.text + "*" : word.text;
  }
  return text;
}

Lines marked(const Lines& translations) {
  Lines result;
  for (const auto& words : mark_differing_words(translations)) result.push_back(marked(words));
  return result;
}

Comparison comparison_of(const Lines& a, const Lines& b, const Lines& references, const MetricOptions& options = {},
                         size_t sentences = 5) {
  ParallelText text{Lines(a.size(), "source"), references, {}, 0};
  for (size_t i = 0; i < a.size(); ++i) text.lines.push_back(i + 10);
  return compare({{"first", a}, {"second", b}}, with_one_reference(std::move(text)), options, sentences);
}

}

TEST_CASE("comparison: words differ that another translation does not have in their place") {
  CHECK(marked(Lines{"a man walks", "a man runs"}) == Lines{"a man *walks*", "a man *runs*"});
  CHECK(marked(Lines{"a man", "a big man"}) == Lines{"a man", "a *big* man"});
  CHECK(marked(Lines{"the same", "the same"}) == Lines{"the same", "the same"});
  CHECK(marked(Lines{"", "all of it"}) == Lines{"", "*all* *of* *it*"});
  CHECK(marked(Lines{"", ""}) == Lines{"", ""});
  CHECK(marked(Lines{"a b c", "a b x", "a y c"}) == Lines{"a *b* *c*", "a *b* *x*", "a *y* *c*"});
}

TEST_CASE("comparison: sentences that differ most in the first metric come first, equal ones never") {
  const Lines references = {"a b c d", "a b c d", "a b c d", "a b c d"};
  const Lines a = {"a b c d", "a b c x", "a b c d", "x y z"}, b = {"a b c x", "a b c d", "x y z", "x y z"};
  const Comparison comparison = comparison_of(a, b, references, {.metrics = {"ter", "bleu"}});
  CHECK(comparison.sentence_metric == "TER");
  REQUIRE(comparison.sentences.size() == 3);
  CHECK(comparison.sentences[0].index == 2);
  CHECK(comparison.sentences[0].scores == std::vector<double>{0, 100});
  CHECK(comparison.sentences[1].index == 0);  // as far apart as the next one, and before it in the text
  CHECK(comparison.sentences[2].index == 1);
  CHECK(comparison.identical == 1);
  CHECK(comparison.best == std::vector<size_t>{2, 1});  // of TER the lower one
  CHECK(tally(comparison) ==
        "Of 4 sentences 1 are translated alike. By the TER of a sentence, the best alone is A in 2, B in 1.");
  CHECK(comparison_of(a, b, references, {}, 2).sentences.size() == 2);
}

TEST_CASE("comparison: a verdict takes the less sure test, and knows which way a metric counts") {
  MetricReport report{"TER", "", 0, std::vector<SystemScore>(2), true};
  report.systems[0].system = "A";
  report.systems[1].system = "B";
  CHECK(verdicts(report).empty());
  report.systems[1].difference = -2;
  report.systems[1].bootstrap_p = 0.01;
  CHECK(verdicts(report) == Lines{"B is 2.00 better than A; chance alone hardly makes such a difference (p=0.0100)."});
  report.systems[1].randomisation_p = 0.06;
  CHECK(verdicts(report) == Lines{"B is 2.00 better than A; that may be chance (p=0.0600)."});
  report.metric = "BLEU";
  report.lower_is_better = false;
  CHECK(verdicts(report) == Lines{"B is 2.00 worse than A; that may be chance (p=0.0600)."});
  report.systems[1].difference = 0;
  CHECK(verdicts(report) == Lines{"B and A are equally good."});
}

TEST_CASE(
    "comparison: text keeps to the width, with words longer than a line and with wide ones, and is safe to print") {
  std::string chinese;
  for (int i = 0; i < 100; ++i) chinese += "\xE4\xB8\xAD";
  const std::string letters(200, 'w');
  const Comparison comparison =
      comparison_of({chinese + " \x1b[31mred", "a"}, {letters + " b c", "a"}, {"b c d", "a"}, {.bootstrap = 10});
  for (const size_t width : {80, 40}) {
    const std::string text = comparison_text(comparison, {.width = width});
    for (size_t begin = text.find("\nline "), end; begin != std::string::npos; begin = end) {
      end = text.find('\n', begin + 1);
      const std::string line = text.substr(begin + 1, end - begin - 1);
      CHECK(display_width(line) <= width);
    }
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(count(text, "\xE4\xB8\xAD") == 100);
    CHECK(count(text, "w") >= 200);
  }
  const std::string text = comparison_text(comparison, {.marks = true});
  CHECK(text.find("\x1b[1;33mb\x1b[0m") != std::string::npos);
  CHECK(text.find("\x1b[31m") == std::string::npos);
}

TEST_CASE("comparison: a page is well-formed, whatever stands in the text") {
  const Comparison comparison =
      comparison_of({"<b> & \x01", "a"}, {"</script> \xFF", "a"}, {"\"b\"", "a"}, {.bootstrap = 10});
  const std::string page = comparison_page(comparison);
  const std::string body = page.substr(page.find("<body"), page.find("</html>") - page.find("<body"));
  CHECK(is_well_formed(body));
  CHECK(body.find("<b class=\"grad\">&lt;b&gt;</b>") != std::string::npos);
  CHECK(count(body, "<table class=\"sample\">") == 1);
}
