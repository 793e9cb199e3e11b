#include "examples/translate/report/chart.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "examples/translate/report/markup.h"

namespace gradus::translate {

namespace {

// Lengths in SVG user units (pixels at natural size).
constexpr double kLeft = 60, kTop = 50, kRight = 20, kBottom = 50, kLine = 16, kMarkRadius = 3;
constexpr double kName = 200;   // the width of the names of curves
constexpr double kSample = 24;  // of the piece of a dashed curve before its name
constexpr std::size_t kMostMarks = 100;
// Apart from each other also to colour-blind eyes (after Okabe and Ito).
constexpr std::array kColours{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a5c00", "#56b4e9"};

constexpr std::array kDashes{"", " stroke-dasharray=\"6 3\"", " stroke-dasharray=\"2 2\""};

/// What an axis shows: from `low` to `high`, which are logarithms to base 10 on a logarithmic one, with marks at some
/// values.
struct Axis {
  double low, high;
  bool log;
  std::vector<double> marks;

  /// The place of a value, from 0 to 1 if the axis shows it.
  double at(double value) const { return ((log ? std::log10(value) : value) - low) / (high - low); }
};

/// Powers of ten, with twice and five times as much where there are few of them.
Axis make_log_axis(double low, double high) {
  constexpr double kMostPowers = 7, kFewPowers = 2;
  if (!(high > low)) low -= 0.5, high += 0.5;
  Axis axis{low, high, true, {}};
  const double step = std::ceil((high - low) / kMostPowers);
  for (double power = step * std::floor(low / step); power <= high; power += step) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double mark = factor * std::pow(10, power), place = axis.at(mark);
      if ((factor == 1 || high - low < kFewPowers) && place >= 0 && place <= 1) axis.marks.push_back(mark);
    }
  }
  return axis;
}

/// However large the numbers are, there are a few marks: the axis is long enough for a double to count along it.
Axis make_axis(double low, double high) {
  constexpr double kMarks = 5, kShortest = 1e-9;
  const double shortest = kShortest * std::max(std::abs(low), std::abs(high));
  if (!(high - low > shortest)) high = low + std::max(shortest, 1.0);
  const double rough = (high - low) / kMarks, power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough) step = factor * power;
  }
  Axis axis{low, high, false, {}};
  for (double i = std::ceil(low / step); i * step <= high; ++i) axis.marks.push_back(i * step);
  return axis;
}

/// Whether the chart can show the point: the differences of numbers, too, must be finite.
bool is_shown(const Chart& chart, const Chart::Point& point) {
  constexpr double kMost = 1e300;
  return std::abs(point.x) <= kMost && std::abs(point.y) <= kMost && !(chart.log_y && point.y <= 0);
}

/// Axes that hold all points, with some room above.
std::pair<Axis, Axis> axes_of(const Chart& chart) {
  double x_low = HUGE_VAL, x_high = -HUGE_VAL, y_low = HUGE_VAL, y_high = -HUGE_VAL;
  for (const Chart::Series& series : chart.series) {
    for (const Chart::Point& point : series.points) {
      if (!is_shown(chart, point)) continue;
      const double y = chart.log_y ? std::log10(point.y) : point.y;
      x_low = std::min(x_low, point.x), x_high = std::max(x_high, point.x);
      y_low = std::min(y_low, y), y_high = std::max(y_high, y);
    }
  }
  if (x_low > x_high) x_low = y_low = 0, x_high = y_high = 1;  // no point at all
  if (chart.log_y) {
    const double room = 0.04 * (y_high - y_low);
    return {make_axis(std::min(x_low, 0.0), x_high), make_log_axis(y_low - room, y_high + room)};
  }
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

/// The names of the curves stand below the chart, as many in a line as find room; one curve alone has none.
std::size_t name_count(const Chart& chart) { return chart.series.size() > 1 ? chart.series.size() : 0; }
std::size_t names_in_line(const Chart& chart) { return std::max<std::size_t>(1, chart.width / kName); }

double cell_width(std::span<const Chart> charts) {
  double width = 0;
  for (const Chart& chart : charts) width = std::max(width, chart.width);
  return kLeft + width + kRight;
}

double cell_height(std::span<const Chart> charts) {
  double height = 0;
  for (const Chart& chart : charts) {
    const std::size_t lines = (name_count(chart) + names_in_line(chart) - 1) / names_in_line(chart);
    height = std::max(height, chart.height + kLine * static_cast<double>(lines));
  }
  return kTop + height + kBottom;
}

/// One chart whose left upper corner is (left, top).
class Drawing {
 public:
  Drawing(const Chart& chart, double left, double top)
      : chart_(chart), left_(left + kLeft), top_(top + kTop), axes_(axes_of(chart)) {}

  std::string svg() const {
    const double middle = left_ + chart_.width / 2;
    std::string svg = text_at(middle, top_ - 30, "middle", chart_.title) +
                      text_at(left_, top_ - 10, "middle", chart_.y_name) +
                      text_at(middle, top_ + chart_.height + 36, "middle", chart_.x_name) + grid();
    for (std::size_t i = 0; i < chart_.series.size(); ++i) svg += curve(chart_.series[i], colour(i), dash(i));
    for (std::size_t i = 0; i < name_count(chart_); ++i) svg += name(i);
    return svg;
  }

 private:
  static const char* colour(std::size_t i) { return kColours[i % kColours.size()]; }
  static const char* dash(std::size_t i) { return kDashes[i / kColours.size() % kDashes.size()]; }
  double x_at(double x) const { return left_ + axes_.first.at(x) * chart_.width; }
  double y_at(double y) const { return top_ + chart_.height - axes_.second.at(y) * chart_.height; }

  std::string grid() const {
    const auto& [x_axis, y_axis] = axes_;
    std::string svg;
    for (const double mark : x_axis.marks) {
      svg += text_at(x_at(mark), top_ + chart_.height + 16, "middle", number_text(mark));
    }
    for (const double mark : y_axis.marks) {
      const double y = y_at(mark);
      svg += fmt::format("<path d=\"M{:.1f} {:.1f}h{}\" stroke=\"#dddddd\"/>\n", left_, y, chart_.width);
      svg += text_at(left_ - 6, y + 4, "end", number_text(mark));
    }
    return svg;
  }

  std::string name(std::size_t i) const {
    const std::size_t line = i / names_in_line(chart_), column = i % names_in_line(chart_);
    double x = left_ + kName * static_cast<double>(column);
    const double y = top_ + chart_.height + 42 + kLine * static_cast<double>(line + 1);
    std::string svg;
    if (chart_.series.size() > kColours.size()) {
      svg = fmt::format("<path d=\"M{:.1f} {:.1f}h{}\" stroke=\"{}\" stroke-width=\"2\"{}/>\n", x, y - 4, kSample - 6,
                        colour(i), dash(i));
      x += kSample;
    }
    return svg + fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\">{}</text>\n", x, y, colour(i),
                             escape_markup(chart_.series[i].name));
  }

  std::string curve(const Chart::Series& series, const char* colour, const char* dash) const {
    std::string path, marks;
    bool begins = true;
    for (const Chart::Point& point : series.points) {
      if (!is_shown(chart_, point)) {
        begins = true;
        continue;
      }
      const double x = x_at(point.x), y = y_at(point.y);
      path += fmt::format("{}{:.1f} {:.1f}", begins ? "M" : "L", x, y);
      begins = false;
      if (series.points.size() > kMostMarks) continue;
      marks += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\"><title>{}: {}</title></circle>\n",
                           x, y, kMarkRadius, colour, number_text(point.x), number_text(point.y));
    }
    return fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\"{}/>\n", path, colour, dash) + marks;
  }

  const Chart& chart_;
  double left_, top_;
  std::pair<Axis, Axis> axes_;
};

}

std::string charts_svg(std::span<const Chart> charts, int columns) {
  const auto in_row = std::min(charts.size(), static_cast<std::size_t>(columns));
  const std::size_t rows = in_row == 0 ? 0 : (charts.size() + in_row - 1) / in_row;
  const double width = cell_width(charts), height = cell_height(charts);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n{2}\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      width * static_cast<double>(in_row), height * static_cast<double>(rows), kSvgMark);
  for (std::size_t i = 0; i < charts.size(); ++i) {
    const std::size_t row = i / in_row, column = i % in_row;
    svg += Drawing(charts[i], width * static_cast<double>(column), height * static_cast<double>(row)).svg();
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
