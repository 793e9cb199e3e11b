#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "autograd/error.h"
#include "examples/translate/report/colour.h"
#include "examples/translate/report/heatmap.h"
#include "examples/translate/text/unicode.h"
#include "tests/support/markup.h"

using namespace gradus;
using namespace gradus::translate;

namespace {

const Heatmap kCat{{"black", "cat"}, {"chat", "noir"}, {0.25f, 0.75f, 1.0f, 0.0f}};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t start = 0; start < text.size();) {
    const size_t end = text.find('\n', start);
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

}

TEST_CASE("without colour the weights are shades") {
  CHECK(heatmap_text(kCat, {TerminalColour::kNone, 80}) ==
        "     black  cat  \n"
        "chat ░░░░░░▓▓▓▓▓▓\n"
        "noir ██████      \n");
}

TEST_CASE("words that do not fit side by side stand upright") {
  CHECK(heatmap_text(kCat, {TerminalColour::kNone, 16}) ==
        "      b    \n"
        "      l    \n"
        "      a  c \n"
        "      c  a \n"
        "      k  t \n"
        "chat ░░░▓▓▓\n"
        "noir ███   \n");
}

TEST_CASE("in colour each cell has its background and its weight in per cent") {
  const std::vector<std::string> deep = lines_of(heatmap_text(kCat, {TerminalColour::kTrueColour, 80}));
  REQUIRE(deep.size() == 3);
  CHECK(deep[1] == "chat \x1b[48;2;38;70;112;38;5;252m  25  \x1b[48;2;112;190;110;38;5;16m  75  \x1b[0m");
  const std::vector<std::string> few = lines_of(heatmap_text(kCat, {TerminalColour::k256, 80}));
  CHECK(few[2] == "noir \x1b[48;5;221;38;5;16m 100  \x1b[48;5;16;38;5;252m      \x1b[0m");
}

TEST_CASE("the legend explains what the cells show") {
  const std::string shades = heatmap_legend(TerminalColour::kNone);
  for (const char* shade : {"░ is a quarter", "▒ a half", "▓ three quarters", "█ all"})
    CHECK(shades.find(shade) != std::string::npos);
  CHECK(heatmap_legend(TerminalColour::k256).find("percent") != std::string::npos);
  for (const std::string& line : lines_of(shades)) CHECK(display_width(line) <= 80);
}

TEST_CASE("columns line up for wide, combining and unprintable characters") {
  const Heatmap map{{"日本", "e\u0301t\u0065", "\x1b[31m"}, {"été", "\xFF", "日"}, std::vector<float>(9, 1.0f)};
  for (const size_t width : {80, 5}) {
    const std::string text = heatmap_text(map, {TerminalColour::kNone, width});
    CHECK(text.find('\x1b') == std::string::npos);
    const std::vector<std::string> lines = lines_of(text);
    for (const std::string& line : lines) CHECK(display_width(line) == display_width(lines.back()));
  }
}

TEST_CASE("the colour scales grow lighter or darker all the way") {
  const auto luma = [](Colour c) { return 0.299 * c.red + 0.587 * c.green + 0.114 * c.blue; };
  for (int i = 0; i < 20; ++i) {
    const float here = static_cast<float>(i) / 20, next = static_cast<float>(i + 1) / 20;
    CHECK(luma(colour_at(kNightScale, next)) > luma(colour_at(kNightScale, here)));
    CHECK(luma(colour_at(kPaperScale, next)) < luma(colour_at(kPaperScale, here)));
  }
}

TEST_CASE("the picture is well-formed and shows every word and weight") {
  const Heatmap map{{"<s>", "\"a&b\""}, {"x'y", "z\x01\xFF", "ende"}, {0, 0.004f, 0.5f, 0.97f, 1.3f, -1}};
  const std::string svg = heatmap_svg(map);
  CHECK(is_well_formed(svg));
  CHECK(svg.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(count(svg, "<title>") == 6);
  CHECK(svg.find("<title>&lt;s&gt; → x'y: 0.000</title>") != std::string::npos);
  CHECK(svg.find("<title>&quot;a&amp;b&quot; → z\uFFFD\uFFFD: 0.970</title>") != std::string::npos);
  CHECK(svg.find(">97</text>") != std::string::npos);
  CHECK(svg.find("&lt;s&gt; → ende: 1.000") != std::string::npos);
  CHECK(find_invalid_utf8(svg) == std::string::npos);
  CHECK(is_well_formed(heatmap_svg({})));
  CHECK_FALSE(is_well_formed("<?xml?><svg><g></svg>"));
}

TEST_CASE("weights must fit the words and be finite") {
  CHECK_THROWS_WITH_AS(heatmap_text({{"a", "b"}, {"c"}, {1}}),
                       "heatmap: 1 weights for 1 target words by 2 source words; need 2", Error);
  CHECK_THROWS_WITH_AS(heatmap_svg({{"a"}, {"b"}, {NAN}}), "heatmap: a weight is nan; need finite numbers", Error);
}

TEST_CASE("a file is no terminal and gets no colour") {
  const int descriptor = ::open("/dev/null", O_WRONLY);
  CHECK(terminal_colour(descriptor) == TerminalColour::kNone);
  ::close(descriptor);
}
