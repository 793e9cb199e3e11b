#include "examples/translate/report/table.h"

#include <algorithm>
#include <span>

#include "examples/translate/text/unicode.h"

namespace gradus::translate {

namespace {

size_t width_of(const Column& column) {
  size_t width = display_width(column.head);
  for (const std::string& cell : column.cells) width = std::max(width, display_width(cell));
  return width;
}

/// The table of the first column and some that follow it.
std::string part_text(const Column& first, std::span<const Column> others) {
  std::string text;
  for (size_t row = 0; row <= first.cells.size(); ++row) {
    const auto cell_of = [&](const Column& column) { return row == 0 ? column.head : column.cells[row - 1]; };
    const auto space = [&](const Column& column) {
      return std::string(width_of(column) - display_width(cell_of(column)), ' ');
    };
    std::string line = cell_of(first) + space(first);
    for (const Column& column : others) line += "  " + space(column) + cell_of(column);
    text += "  " + std::string(without_trailing_space(line)) + "\n";
  }
  return text;
}

}

std::string table_text(const std::vector<Column>& columns, size_t most_width) {
  std::string text;
  std::span<const Column> left = std::span(columns).subspan(1);
  do {
    size_t count = 0, width = 2 + width_of(columns.front());
    for (; count < left.size(); ++count) {
      width += 2 + width_of(left[count]);
      if (count > 0 && width > most_width) break;
    }
    if (!text.empty()) text += '\n';
    text += part_text(columns.front(), left.first(count));
    left = left.subspan(count);
  } while (!left.empty());
  return text;
}

}
