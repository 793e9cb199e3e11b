#include <doctest/doctest.h>

#include "examples/captioner/files/panels.h"
#include "examples/captioner/shapes/drawings.h"
#include "tests/support/markup.h"

using namespace gradus;
using namespace gradus::captioner;

namespace {

Image drawn(std::uint64_t seed) { return make_drawings(seed, 1, Combinations::Seen).front().picture.image; }

}

TEST_CASE("captioner: an SVG has a panel for each word, in which the attended patches are lit") {
  const Image picture = drawn(13);
  std::vector<PanelWord> words;
  for (const char* text : {"a", "<unk>", "R&D", "incomprehensibilities"}) {
    words.push_back({text, std::vector<Real>(kPatches, 0)});
    words.back().weights[10] = 1;
  }
  const auto check = [&](const PanelPicture& shown) {
    const std::string svg = panels_svg(shown, words);
    CHECK(is_well_formed(svg));
    CHECK(svg.size() < 60'000);
    CHECK(svg.find("made by Gradus") < 1000);
    CHECK(count(svg, "<use href=\"#picture\"/>") == words.size());
    for (const char* text : {">a</text>", ">&lt;unk&gt;</text>", ">R&amp;D</text>"}) CHECK(count(svg, text) == 1);
    CHECK(count(svg, " textLength=\"128\"") == 1);  // of the long one
    // All is dark but patch 10, which is the third of the second row: strokes in rows of patches.
    const std::string shade =
        "stroke=\"#000\" stroke-opacity=\".9\" d=\"M0 0h8M0 1h2M3 1h5M0 2h8M0 3h8M0 4h8M0 5h8M0 6h8M0 7h8\"";
    CHECK(count(svg, shade) == words.size());
    return svg;
  };
  CHECK(count(check(drawn_pixels(picture)), "<g transform=\"scale(16 16) translate(0 .5)\">") == 4);
}
