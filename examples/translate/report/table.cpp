#include "examples/translate/report/table.h"

#include <algorithm>

#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

size_t width_of(const Column& column) {
  size_t width = display_width(column.head);
  for (const std::string& cell : column.cells) width = std::max(width, display_width(cell));
  return width;
}

}

std::string table_text(const std::vector<Column>& columns) {
  const size_t rows = columns.front().cells.size();
  std::string text;
  for (size_t row = 0; row <= rows; ++row) {
    std::string line;
    for (const Column& column : columns) {
      const std::string& cell = row == 0 ? column.head : column.cells[row - 1];
      const std::string space(width_of(column) - display_width(cell), ' ');
      line += &column == &columns.front() ? cell + space : "  " + space + cell;
    }
    text += "  " + std::string(without_trailing_space(line)) + "\n";
  }
  return text;
}

}
