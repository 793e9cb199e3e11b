#include "examples/experiments/matrix.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "examples/translate/base/join_words.h"
#include "examples/translate/report/colour.h"
#include "examples/translate/report/markup.h"

namespace gradus::translate {

namespace {

constexpr int kRowHead = 130, kHead = 64, kWidth = 132, kHeight = 36, kLine = 14, kMargin = 12;

std::string text(int x, int y, const std::string& content, const char* attributes) {
  return fmt::format("<text x=\"{}\" y=\"{}\" {}>{}</text>\n", x, y, attributes, escape_markup(content));
}

/// The colours of a matrix: its least value is light and its greatest one dark, however little they differ.
class Shades {
 public:
  explicit Shades(const Matrix& matrix) {
    for (const std::vector<Matrix::Cell>& row : matrix.cells) {
      for (const Matrix::Cell& cell : row) {
        least_ = std::min(least_, cell.value);
        greatest_ = std::max(greatest_, cell.value);
      }
    }
  }
  Colour operator()(const Matrix::Cell& cell) const {
    constexpr double kLight = 0.05, kDark = 0.95;
    const double range = std::max(greatest_ - least_, 1e-9);
    return colour_at(kPaperScale, static_cast<float>(kLight + (kDark - kLight) * (cell.value - least_) / range));
  }

 private:
  double least_ = std::numeric_limits<double>::infinity(), greatest_ = -least_;
};

std::string cell_svg(int x, int y, const Matrix::Cell& cell, Colour colour) {
  std::string svg =
      fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"rgb({},{},{})\" stroke=\"#fff\"/>\n", x, y,
                  kWidth, kHeight, colour.red, colour.green, colour.blue);
  const char* const ink =
      is_bright(colour) ? "fill=\"#1d2733\" text-anchor=\"middle\"" : "fill=\"#fff\" text-anchor=\"middle\"";
  const int count = static_cast<int>(cell.lines.size());
  for (int i = 0; i < count; ++i) {
    svg += text(x + kWidth / 2, y + kHeight / 2 + 4 + (2 * i - count + 1) * kLine / 2, cell.lines[i], ink);
  }
  return svg;
}

}

std::string matrix_markdown(const Matrix& matrix) {
  std::string result = fmt::format("| {} | {} |\n|---|", matrix.row_head, join_words(matrix.columns, " | "));
  for (std::size_t i = 0; i < matrix.columns.size(); ++i) result += "---|";
  result += "\n";
  for (std::size_t row = 0; row < matrix.rows.size(); ++row) {
    result += fmt::format("| {} |", matrix.rows[row]);
    for (const Matrix::Cell& cell : matrix.cells[row]) result += fmt::format(" {} |", join_words(cell.lines, ", "));
    result += "\n";
  }
  return result;
}

std::string matrix_svg(const Matrix& matrix) {
  const int columns = static_cast<int>(matrix.columns.size()), rows = static_cast<int>(matrix.rows.size());
  const int width = 2 * kMargin + kRowHead + columns * kWidth, height = 2 * kMargin + kHead + rows * kHeight;
  std::string svg = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" "
      "height=\"{1}\" viewBox=\"0 0 {0} {1}\" font-size=\"12\" font-family=\"'DejaVu Sans', Verdana, Helvetica, Arial, "
      "sans-serif\" fill=\"#1d2733\">\n{2}\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      width, height, kSvgMark);
  svg += text(kMargin, kMargin + 14, matrix.title, "font-size=\"14\"");
  for (int column = 0; column < columns; ++column) {
    svg += text(kMargin + kRowHead + column * kWidth + kWidth / 2, kMargin + kHead - 10, matrix.columns[column],
                "text-anchor=\"middle\"");
  }
  const Shades colour_of(matrix);
  for (int row = 0; row < rows; ++row) {
    const int y = kMargin + kHead + row * kHeight;
    svg += text(kMargin, y + kHeight / 2 + 4, matrix.rows[row], "");
    for (int column = 0; column < columns; ++column) {
      const Matrix::Cell& cell = matrix.cells[row][column];
      svg += cell_svg(kMargin + kRowHead + column * kWidth, y, cell, colour_of(cell));
    }
  }
  return svg + "</svg>\n";
}

}
