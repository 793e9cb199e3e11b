#include "examples/captioner/files/panels.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "autograd/inspect/pages/page.h"
#include "examples/captioner/config.h"
#include "examples/captioner/files/png_file.h"
#include "examples/translate/report/markup.h"
#include "examples/translate/text/unicode.h"

namespace gradus::captioner {

namespace {

constexpr int kColumns = 6;
constexpr double kLongSide = 128, kGap = 10, kLine = 20, kFont = 14;  // of a picture and around it
constexpr double kLetter = 0.6 * kFont;                               // width

/// Tiles of a rectangle, those of a style as one path of horizontal strokes. `style(x, y)` is the attribute of a tile;
/// those without one are left out.
template <class Style>
std::string tiles(int columns, int rows, double width, double height, Style style) {
  std::map<std::string, std::string> paths;  // by style
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const std::string attribute = style(x, y);
      int end = x + 1;
      while (end < columns && style(end, y) == attribute) ++end;
      if (!attribute.empty()) paths[attribute] += fmt::format("M{} {}h{}", x, y, end - x);
      x = end - 1;
    }
  }
  std::string svg;
  for (const auto& [attribute, path] : paths) svg += fmt::format("<path {} d=\"{}\"/>\n", attribute, path);
  // A stroke, one tile wide, lies half on either side of its path.
  return fmt::format("<g transform=\"scale({:.4g} {:.4g}) translate(0 .5)\">\n{}</g>\n", width / columns, height / rows,
                     svg);
}

std::string shade(const PanelPicture& picture, const std::vector<Real>& weights) {
  const Real largest = std::ranges::max(weights);
  return tiles(kGrid, kGrid, picture.width, picture.height, [&](int x, int y) -> std::string {
    const long tenths = std::lround(9 * (1 - std::sqrt(weights[y * kGrid + x] / largest)));
    return tenths == 0 ? "" : fmt::format("stroke=\"#000\" stroke-opacity=\".{}\"", tenths);
  });
}

/// A picture of that size as large as a panel shows it, with nothing in it.
PanelPicture fitted(const Image& image) {
  const double scale = kLongSide / std::max(image.width, image.height);
  return {std::max(1.0, scale * image.width), std::max(1.0, scale * image.height), ""};
}

/// The word below a picture, squeezed if it is wider.
std::string label(const PanelPicture& picture, const std::string& text) {
  const double width = kLetter * static_cast<double>(translate::display_width(text));
  const std::string squeezed =
      width > picture.width ? fmt::format(" textLength=\"{:.4g}\" lengthAdjust=\"spacingAndGlyphs\"", picture.width)
                            : "";
  return fmt::format("<text x=\"{:.4g}\" y=\"{:.4g}\"{}>{}</text>", picture.width / 2, picture.height + kFont + 1,
                     squeezed, translate::escape_markup(text));
}

}

PanelPicture drawn_pixels(const Image& image) {
  PanelPicture picture = fitted(image);
  picture.svg = tiles(image.width, image.height, picture.width, picture.height, [&](int x, int y) {
    const std::uint8_t* const rgb = image.at(x, y);
    return fmt::format("stroke=\"#{:x}{:x}{:x}\"", rgb[0] >> 4, rgb[1] >> 4, rgb[2] >> 4);
  });
  return picture;
}

PanelPicture embedded_png(const Image& image) {
  constexpr double kDensity = 2;  // pixels to a point, as screens have them
  PanelPicture picture = fitted(image);
  const int width = std::min(image.width, static_cast<int>(std::lround(kDensity * picture.width)));
  const int height = std::min(image.height, static_cast<int>(std::lround(kDensity * picture.height)));
  const char* const rendering = width < picture.width ? " image-rendering=\"pixelated\"" : "";
  picture.svg = fmt::format(
      "<image width=\"{:.4g}\" height=\"{:.4g}\" preserveAspectRatio=\"none\"{} href=\"data:image/png;base64,{}\"/>\n",
      picture.width, picture.height, rendering, base64(png_bytes(scaled(image, width, height))));
  return picture;
}

std::string panels_svg(const PanelPicture& picture, std::span<const PanelWord> words) {
  const double across = picture.width + kGap, down = picture.height + kLine + kGap;
  const int count = static_cast<int>(words.size()) + 1, rows = (count + kColumns - 1) / kColumns;
  const double width = kGap + std::min(count, kColumns) * across, height = kGap + rows * down;
  std::string svg = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-size=\"{2}\" font-family=\"'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif\" text-anchor=\"middle\" "
      "fill=\"#1d2733\" shape-rendering=\"crispEdges\">\n{3}\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      width, height, kFont, translate::kSvgMark);
  for (int i = 0; i < count; ++i) {
    const int row = i / kColumns, column = i % kColumns;
    svg += fmt::format("<g transform=\"translate({:.4g} {:.4g})\">", kGap + column * across, kGap + row * down);
    if (i == 0) {
      svg += fmt::format("<g id=\"picture\">\n{}</g>\n", picture.svg);
    } else {
      const auto& [text, weights] = words[static_cast<std::size_t>(i) - 1];
      svg += "<use href=\"#picture\"/>\n" + shade(picture, weights) + label(picture, text);
    }
    svg += "</g>\n";
  }
  return svg + "</svg>\n";
}

}
