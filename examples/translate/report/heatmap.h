#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace gradus::translate {

/// Which source words the translator looked at when it wrote each target word.
struct Heatmap {
  std::vector<std::string> source, target;
  std::vector<float> weights;  ///< row-major (T, S): a row a target word, a column a source word, each 0 to 1

  float weight(size_t row, size_t column) const { return weights[row * source.size() + column]; }
};

enum class TerminalColour {
  kNone,  ///< shades of Unicode block characters
  k256,
  kTrueColour,
};

/// What the terminal at `descriptor` can show, from NO_COLOR, TERM and COLORTERM; kNone when it is no terminal.
TerminalColour terminal_colour(int descriptor);

struct TerminalOptions {
  TerminalColour colour = TerminalColour::kTrueColour;
  size_t width = 80;  ///< columns; the source words stand upright when they do not fit side by side
};

/// What rows, columns and cells of `heatmap_text` mean, in lines of at most 80 columns.
std::string heatmap_legend(TerminalColour colour);

/// The map as lines of text: the source words on top, a line for each target word, weights in per cent where there is
/// room. Too wide a map is not cut. Throws Error when the weights do not fit the words or are not finite.
std::string heatmap_text(const Heatmap& map, const TerminalOptions& options = {});

/// The map as a self-contained SVG picture with a scale; the mouse over a cell shows its weight. Errors as above.
std::string heatmap_svg(const Heatmap& map);

}
