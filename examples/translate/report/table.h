#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace gradus::translate {

/// One column of a table: its head, and a cell for every row.
struct Column {
  std::string head;
  std::vector<std::string> cells;
};

/// Columns side by side, indented by two, the first one flush left and the others right: a line for the heads and one
/// for every row. The columns have as many cells each. In a line wider than `most_width`, columns that do not fit stand
/// below the others, beside the first one once more.
std::string table_text(const std::vector<Column>& columns, std::size_t most_width = std::size_t(-1));

}
