#pragma once

#include <span>
#include <string>
#include <vector>

namespace gradus::translate {

/// Curves over a common pair of axes.
struct Chart {
  struct Point {
    double x, y;
  };
  struct Series {
    std::string name;
    std::vector<Point> points;  ///< by x; one that is not finite, or beyond 1e300, interrupts the curve
  };

  std::string title, x_name, y_name;
  std::vector<Series> series;
  bool from_zero = true;  ///< the y axis begins at 0, else below the smallest value
  bool log_y = false;     ///< the y axis is logarithmic; numbers of 0 or less interrupt a curve

  double width = 300, height = 190;  ///< between the axes, in pixels
};

/// The charts side by side, `columns` of them in a row, as a self-contained SVG picture. Curves of few points mark each
/// of them, and the mouse over a mark shows its values. Where there are more curves than colours, lines are dashed.
std::string charts_svg(std::span<const Chart> charts, int columns);

/// How many points of a curve a picture shows.
constexpr std::size_t kCurvePoints = 300;

/// The means of runs of equally many points, so that at most `count` are left: what a picture can show of thousands.
std::vector<Chart::Point> thin_out(const std::vector<Chart::Point>& points, std::size_t count);

}
