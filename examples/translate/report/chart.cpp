#include "examples/translate/report/chart.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "examples/translate/report/markup.h"

namespace gradus::translate {

namespace {

// Lengths in SVG user units (pixels at natural size).
constexpr double kWidth = 300, kHeight = 190;  // between the axes
constexpr double kLeft = 60, kTop = 50, kRight = 20, kBottom = 50, kLine = 16, kMark = 3;
constexpr double kCellWidth = kLeft + kWidth + kRight;
constexpr std::size_t kMostMarks = 100;
// Apart from each other also to colour-blind eyes (after Okabe and Ito).
constexpr std::array kColours{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a5c00", "#56b4e9"};

/// What an axis shows: from `low` to `high` with a mark at every multiple of `step`.
struct Axis {
  double low, high, step;
};

Axis make_axis(double low, double high) {
  constexpr double kMarks = 5;
  if (!(high > low)) high = low + 1;
  const double rough = (high - low) / kMarks, power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough) step = factor * power;
  }
  return {low, high, step};
}

bool is_finite(const Chart::Point& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

/// Axes that hold all points, with some room above.
std::pair<Axis, Axis> axes_of(const Chart& chart) {
  double x_low = HUGE_VAL, x_high = -HUGE_VAL, y_low = HUGE_VAL, y_high = -HUGE_VAL;
  for (const Chart::Series& series : chart.series) {
    for (const Chart::Point& point : series.points) {
      if (!is_finite(point)) continue;
      x_low = std::min(x_low, point.x), x_high = std::max(x_high, point.x);
      y_low = std::min(y_low, point.y), y_high = std::max(y_high, point.y);
    }
  }
  if (x_low > x_high) x_low = y_low = 0, x_high = y_high = 1;  // no point at all
  if (chart.from_zero) x_low = std::min(x_low, 0.0), y_low = std::min(y_low, 0.0);
  const double room = 0.08 * (y_high - y_low);
  return {make_axis(x_low, x_high), make_axis(chart.from_zero ? y_low : y_low - room, y_high + room)};
}

/// A number of an axis or a point, to six digits. Zero has no sign, though std::ceil(-0.3), the first mark right of
/// -0.3, has one.
std::string number_text(double value) { return fmt::format("{:.6g}", value + 0.0); }

std::string text_at(double x, double y, const char* anchor, std::string_view words) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escape_markup(words));
}

/// The names of the curves have a line each below the chart; one curve alone has none.
std::size_t name_count(const Chart& chart) { return chart.series.size() > 1 ? chart.series.size() : 0; }

double cell_height(std::span<const Chart> charts) {
  std::size_t names = 0;
  for (const Chart& chart : charts) names = std::max(names, name_count(chart));
  return kTop + kHeight + kBottom + kLine * static_cast<double>(names);
}

/// One chart whose left upper corner is (left, top).
class Drawing {
 public:
  Drawing(const Chart& chart, double left, double top)
      : chart_(chart), left_(left + kLeft), top_(top + kTop), axes_(axes_of(chart)) {}

  std::string svg() const {
    const double middle = left_ + kWidth / 2;
    std::string svg = text_at(middle, top_ - 30, "middle", chart_.title) +
                      text_at(left_, top_ - 10, "middle", chart_.y_name) +
                      text_at(middle, top_ + kHeight + 36, "middle", chart_.x_name) + grid();
    for (std::size_t i = 0; i < chart_.series.size(); ++i) svg += curve(chart_.series[i], colour(i));
    for (std::size_t i = 0; i < name_count(chart_); ++i) {
      svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\">{}</text>\n", left_,
                         top_ + kHeight + 42 + kLine * static_cast<double>(i + 1), colour(i),
                         escape_markup(chart_.series[i].name));
    }
    return svg;
  }

 private:
  static const char* colour(std::size_t i) { return kColours[i % kColours.size()]; }
  double x_at(double x) const { return left_ + (x - axes_.first.low) / (axes_.first.high - axes_.first.low) * kWidth; }
  double y_at(double y) const {
    return top_ + kHeight - (y - axes_.second.low) / (axes_.second.high - axes_.second.low) * kHeight;
  }

  std::string grid() const {
    const auto [x_axis, y_axis] = axes_;
    std::string svg;
    for (double i = std::ceil(x_axis.low / x_axis.step); i * x_axis.step <= x_axis.high; ++i) {
      svg += text_at(x_at(i * x_axis.step), top_ + kHeight + 16, "middle", number_text(i * x_axis.step));
    }
    for (double i = std::ceil(y_axis.low / y_axis.step); i * y_axis.step <= y_axis.high; ++i) {
      const double y = y_at(i * y_axis.step);
      svg += fmt::format("<path d=\"M{:.1f} {:.1f}h{}\" stroke=\"#dddddd\"/>\n", left_, y, kWidth);
      svg += text_at(left_ - 6, y + 4, "end", number_text(i * y_axis.step));
    }
    return svg;
  }

  std::string curve(const Chart::Series& series, const char* colour) const {
    std::string path, marks;
    bool begins = true;
    for (const Chart::Point& point : series.points) {
      if (!is_finite(point)) {
        begins = true;
        continue;
      }
      const double x = x_at(point.x), y = y_at(point.y);
      path += fmt::format("{}{:.1f} {:.1f}", begins ? "M" : "L", x, y);
      begins = false;
      if (series.points.size() > kMostMarks) continue;
      marks += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\"><title>{}: {}</title></circle>\n",
                           x, y, kMark, colour, number_text(point.x), number_text(point.y));
    }
    return fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\"/>\n", path, colour) + marks;
  }

  const Chart& chart_;
  double left_, top_;
  std::pair<Axis, Axis> axes_;
};

}

std::string charts_svg(std::span<const Chart> charts, int columns) {
  const auto in_row = std::min(charts.size(), static_cast<std::size_t>(columns));
  const std::size_t rows = in_row == 0 ? 0 : (charts.size() + in_row - 1) / in_row;
  const double height = cell_height(charts);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      kCellWidth * static_cast<double>(in_row), height * static_cast<double>(rows));
  for (std::size_t i = 0; i < charts.size(); ++i) {
    const std::size_t row = i / in_row, column = i % in_row;
    svg += Drawing(charts[i], kCellWidth * static_cast<double>(column), height * static_cast<double>(row)).svg();
  }
  return svg + "</svg>\n";
}

std::vector<Chart::Point> thin_out(const std::vector<Chart::Point>& points, std::size_t count) {
  if (points.size() <= count) return points;
  std::vector<Chart::Point> result;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = points.size() * i / count, end = points.size() * (i + 1) / count;
    Chart::Point mean{0, 0};
    for (std::size_t k = begin; k < end; ++k) mean.x += points[k].x, mean.y += points[k].y;
    const auto n = static_cast<double>(end - begin);
    result.push_back({mean.x / n, mean.y / n});
  }
  return result;
}

}
