#include "examples/translate/report/heatmap.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "autograd/error.h"
#include "examples/translate/report/colour.h"
#include "examples/translate/report/markup.h"
#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

constexpr const char* kShades[] = {" ", "░", "▒", "▓", "█"};
constexpr const char* kReset = "\x1b[0m";
constexpr long kLeastShown = 2;  // per cent; smaller weights get their colour but no number

void require_fitting_weights(const Heatmap& map) {
  const size_t rows = map.target.size(), columns = map.source.size();
  if (map.weights.size() != rows * columns) {
    fail("heatmap: {} weights for {} target words by {} source words; need {}", map.weights.size(), rows, columns,
         rows * columns);
  }
  for (const float weight : map.weights) {
    if (!std::isfinite(weight)) fail("heatmap: a weight is {}; need finite numbers", weight);
  }
}

float clamped(float weight) { return std::clamp(weight, 0.0f, 1.0f); }

std::string spaces(size_t count) { return std::string(count, ' '); }

size_t widest(const std::vector<std::string>& words) {
  size_t width = 0;
  for (const std::string& word : words) width = std::max(width, display_width(word));
  return width;
}

/// `text` in the middle of `width` columns; of an odd rest the larger part goes to the right.
std::string centred(const std::string& text, size_t width) {
  const size_t rest = width - std::min(width, display_width(text));
  return spaces(rest / 2) + text + spaces(rest - rest / 2);
}

/// The nearest of the 256 colours: 16 + 36 r + 6 g + b in a cube with these levels.
int colour_256(Colour colour) {
  const auto level = [](int channel) { return channel < 48 ? 0 : channel < 115 ? 1 : (channel - 35) / 40; };
  return 16 + 36 * level(colour.red) + 6 * level(colour.green) + level(colour.blue);
}

std::string coloured_cell(float weight, size_t width, TerminalColour kind) {
  const Colour back = colour_at(kNightScale, weight);
  const int ink = is_bright(back) ? 16 : 252;
  const long percent = std::lround(weight * 100);
  const std::string text = centred(percent >= kLeastShown && width > 4 ? fmt::format("{:2}", percent) : "", width);
  if (kind == TerminalColour::k256) return fmt::format("\x1b[48;5;{};38;5;{}m{}", colour_256(back), ink, text);
  return fmt::format("\x1b[48;2;{};{};{};38;5;{}m{}", back.red, back.green, back.blue, ink, text);
}

std::string shaded_cell(float weight, size_t width) {
  std::string text;
  for (size_t i = 0; i < width; ++i) text += kShades[std::lround(weight * 4)];
  return text;
}

/// The source words upright, a line for each character, ending above their columns.
std::string upright_heading(const std::vector<std::string>& words, size_t margin, size_t cell) {
  std::vector<std::vector<std::string>> columns;
  size_t height = 0;
  for (const std::string& word : words) {
    columns.push_back(visible_characters(word));
    height = std::max(height, columns.back().size());
  }
  std::string text;
  for (size_t line = 0; line < height; ++line) {
    text += spaces(margin);
    for (const auto& characters : columns) {
      const size_t blank = height - characters.size();
      text += centred(line < blank ? "" : characters[line - blank], cell);
    }
    text += '\n';
  }
  return text;
}

std::string level_heading(const std::vector<std::string>& words, size_t margin, size_t cell) {
  std::string text = spaces(margin);
  for (const std::string& word : words) text += centred(word, cell);
  return text + '\n';
}

}

TerminalColour terminal_colour(int descriptor) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string_view(value ? value : "");
  };
  const std::string_view term = variable("TERM"), depth = variable("COLORTERM");
  if (!::isatty(descriptor) || !variable("NO_COLOR").empty() || term.empty() || term == "dumb") {
    return TerminalColour::kNone;
  }
  return depth == "truecolor" || depth == "24bit" ? TerminalColour::kTrueColour : TerminalColour::k256;
}

std::string heatmap_legend(TerminalColour colour) {
  const std::string rows = "A row is a word of the translation, a column one of the source, </s> the end.\n";
  if (colour != TerminalColour::kNone) return rows + "Numbers are percent of the row's weight.\n";
  return rows + fmt::format("{} is a quarter of the row's weight, {} a half, {} three quarters, {} all of it.\n",
                            kShades[1], kShades[2], kShades[3], kShades[4]);
}

std::string heatmap_text(const Heatmap& map, const TerminalOptions& options) {
  require_fitting_weights(map);
  Heatmap shown = map;
  for (std::string& word : shown.source) word = visible(word);
  for (std::string& word : shown.target) word = visible(word);

  constexpr size_t kUprightCell = 3, kSmallestLevelCell = 5;
  const size_t margin = widest(shown.target) + 1;
  const size_t level_cell = std::max(kSmallestLevelCell, widest(shown.source) + 1);
  const bool level = margin + level_cell * shown.source.size() <= options.width;
  const size_t cell = level ? level_cell : kUprightCell;

  std::string text = level ? level_heading(shown.source, margin, cell) : upright_heading(shown.source, margin, cell);
  for (size_t row = 0; row < shown.target.size(); ++row) {
    text += spaces(margin - 1 - display_width(shown.target[row])) + shown.target[row] + ' ';
    for (size_t column = 0; column < shown.source.size(); ++column) {
      const float weight = clamped(shown.weight(row, column));
      text += options.colour == TerminalColour::kNone ? shaded_cell(weight, cell)
                                                      : coloured_cell(weight, cell, options.colour);
    }
    if (options.colour != TerminalColour::kNone) text += kReset;
    text += '\n';
  }
  return text;
}

namespace {

// Lengths in the picture, in SVG user units (pixels at natural size).
constexpr double kCell = 34, kFont = 15, kSmallFont = 11, kGap = 8, kEdge = 16, kScaleHeight = 10,
                 kLeastScaleWidth = 130;
constexpr double kColumnWidth = 0.64 * kFont;  // of one terminal column in a sans-serif face, on the safe side
constexpr double kSlant = 0.7072;              // sine and cosine of the 45 degrees that source words are turned by

std::string hex(Colour colour) { return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue); }

/// A colour bar from 0 to 1, `width` long, whose left upper corner is (x, y).
std::string svg_scale(double x, double y, double width) {
  const double text_y = y + kScaleHeight + kSmallFont + 2;
  std::string stops;
  for (size_t i = 0; i < kPaperScale.size(); ++i) {
    stops += fmt::format("<stop offset=\"{}\" stop-color=\"{}\"/>",
                         static_cast<double>(i) / static_cast<double>(kPaperScale.size() - 1), hex(kPaperScale[i]));
  }
  return fmt::format(
      "<defs><linearGradient id=\"scale\">{}</linearGradient></defs>\n"
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" fill=\"url(#scale)\" stroke=\"#8a94a3\" "
      "stroke-width=\"0.5\"/>\n"
      "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\">0</text>\n"
      "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" text-anchor=\"end\">1</text>\n"
      "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" text-anchor=\"middle\">attention weight</text>\n",
      stops, x, y, width, kScaleHeight, x, text_y, kSmallFont, x + width, text_y, kSmallFont, x + width / 2, text_y,
      kSmallFont);
}

std::string svg_cell(const Heatmap& map, size_t row, size_t column, double x, double y) {
  const float weight = clamped(map.weight(row, column));
  const Colour fill = colour_at(kPaperScale, weight);
  std::string text = fmt::format(
      "<g><title>{} → {}: {:.3f}</title><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
      escape_markup(map.source[column]), escape_markup(map.target[row]), weight, x, y, kCell, kCell, hex(fill));
  const long percent = std::lround(weight * 100);
  if (percent >= kLeastShown) {
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" text-anchor=\"middle\" fill=\"{}\">{}</text>",
                        x + kCell / 2, y + kCell / 2 + 0.36 * kSmallFont, kSmallFont,
                        is_bright(fill) ? "#1d2733" : "#ffffff", percent);
  }
  return text + "</g>\n";
}

}

std::string heatmap_svg(const Heatmap& map) {
  require_fitting_weights(map);
  const auto columns = static_cast<double>(map.source.size()), rows = static_cast<double>(map.target.size());
  const double slanted = kSlant * (kColumnWidth * static_cast<double>(widest(map.source)) + kFont);
  const double left = kEdge + kColumnWidth * static_cast<double>(widest(map.target)) + kGap;
  const double top = kEdge + slanted + kGap;
  const double grid_width = columns * kCell, bottom = top + rows * kCell;
  const double scale_width = std::max(grid_width, kLeastScaleWidth);
  const double width = left + std::max(grid_width + slanted - kCell / 2, scale_width) + kEdge;
  const double height = bottom + 2 * kGap + kScaleHeight + kSmallFont + kEdge;

  std::string svg = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-family=\"'DejaVu Sans', Verdana, 'Noto Sans', Helvetica, Arial, sans-serif\" fill=\"#1d2733\">\n"
      "{2}\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      std::ceil(width), std::ceil(height), kSvgMark);
  for (size_t column = 0; column < map.source.size(); ++column) {
    svg += fmt::format("<text transform=\"translate({:.1f} {:.1f}) rotate(-45)\" font-size=\"{}\">{}</text>\n",
                       left + (static_cast<double>(column) + 0.5) * kCell + kFont / 4, top - kGap / 2, kFont,
                       escape_markup(map.source[column]));
  }
  for (size_t row = 0; row < map.target.size(); ++row) {
    const double y = top + static_cast<double>(row) * kCell;
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" text-anchor=\"end\">{}</text>\n", left - kGap,
                       y + kCell / 2 + 0.36 * kFont, kFont, escape_markup(map.target[row]));
    for (size_t column = 0; column < map.source.size(); ++column) {
      svg += svg_cell(map, row, column, left + static_cast<double>(column) * kCell, y);
    }
  }
  svg += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"none\" stroke=\"#8a94a3\"/>\n", left,
      top, grid_width, bottom - top);
  return svg + svg_scale(left, bottom + 2 * kGap, scale_width) + "</svg>\n";
}

}
