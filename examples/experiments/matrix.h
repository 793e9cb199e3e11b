#pragma once

#include <string>
#include <vector>

namespace gradus::translate {

/// A table of measured numbers: rows and columns by name.
struct Matrix {
  struct Cell {
    double value = 0;                ///< its colour in the picture: the greater the darker
    std::vector<std::string> lines;  ///< what stands in it
  };

  std::string title, row_head;
  std::vector<std::string> rows, columns;
  std::vector<std::vector<Cell>> cells;  ///< of each row
};

/// As a table in Markdown; the lines of a cell stand side by side.
std::string matrix_markdown(const Matrix& matrix);

/// As a self-contained SVG picture.
std::string matrix_svg(const Matrix& matrix);

}
