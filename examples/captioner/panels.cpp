#include "examples/captioner/panels.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace gradus::captioner {

namespace {

// In units of a pixel of the picture.
constexpr int kPanel = kSide + 4, kLine = kPanel + 5, kColumns = 8, kZoom = 3;

/// A square of count × count tiles, those of a style as one path of horizontal strokes. `style(x, y)` is the attribute
/// of a tile; those without one are left out.
template <class Style>
std::string tiles(int count, Style style) {
  const int side = kSide / count;
  std::map<std::string, std::string> paths;  // by style
  for (int y = 0; y < count; ++y) {
    for (int x = 0; x < count; ++x) {
      const std::string attribute = style(x, y);
      int end = x + 1;
      while (end < count && style(end, y) == attribute) ++end;
      if (!attribute.empty()) paths[attribute] += fmt::format("M{} {}h{}", x * side, y * side, (end - x) * side);
      x = end - 1;
    }
  }
  std::string svg;
  for (const auto& [attribute, path] : paths) svg += fmt::format("<path {} d=\"{}\"/>\n", attribute, path);
  // A stroke lies half on either side of its path.
  return fmt::format("<g stroke-width=\"{}\" transform=\"translate(0 {})\">\n{}</g>\n", side, side / 2.0, svg);
}

std::string pixels(const Picture& picture) {
  return tiles(kSide, [&](int x, int y) {
    const std::uint8_t* const rgb = &picture.pixels[(y * kSide + x) * 3];
    return fmt::format("stroke=\"#{:x}{:x}{:x}\"", rgb[0] >> 4, rgb[1] >> 4, rgb[2] >> 4);
  });
}

std::string shade(const std::vector<Real>& weights) {
  const Real largest = std::ranges::max(weights);
  return tiles(kGrid, [&](int x, int y) -> std::string {
    const long tenths = std::lround(9 * (1 - std::sqrt(weights[y * kGrid + x] / largest)));
    return tenths == 0 ? "" : fmt::format("stroke=\"#000\" stroke-opacity=\".{}\"", tenths);
  });
}

std::string panel(int number, const std::string& content, const char* word) {
  return fmt::format("<g transform=\"translate({} {})\">{}<text x=\"{}\" y=\"{}\">{}</text></g>\n",
                     2 + number % kColumns * kPanel, 2 + number / kColumns * kLine, content, kSide / 2, kSide + 5,
                     word);
}

}

std::string panels_svg(const Picture& picture, const Description& description) {
  const int said = static_cast<int>(std::ranges::find(description.words, kEnd) - description.words.begin());
  const int width = 2 + std::min(1 + said, kColumns) * kPanel, height = 2 + (1 + said / kColumns) * kLine;
  std::string svg = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" font-size=\"5\" "
      "font-family=\"'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif\" text-anchor=\"middle\" fill=\"#1d2733\" "
      "shape-rendering=\"crispEdges\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      width * kZoom, height * kZoom, width, height);
  svg += panel(0, fmt::format("<g id=\"picture\">\n{}</g>\n", pixels(picture)), "");
  for (int t = 0; t < said; ++t) {
    svg += panel(1 + t, "<use href=\"#picture\"/>" + shade(description.weights[t]), kWords[description.words[t]]);
  }
  return svg + "</svg>\n";
}

}
