#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "examples/translate/input/source_file.h"

namespace gradus::translate {

/// A text in whole lines: as many as are there at once. So a file comes in large batches, and what somebody types, or a
/// program sends and waits for, is answered line by line. However few bytes come at a time, the time is linear in their
/// number.
class InputLines {
 public:
  explicit InputLines(const std::string& path) : file_(path) {}
  explicit InputLines(const SourceFile& file) : file_(file.open()) {}

  /// The next lines, at least one; none at the end. Throws Error for a line that is not UTF-8, after those before it
  /// were given.
  std::vector<std::string> next();

 private:
  void take_lines(std::vector<std::string>& lines);
  void add(std::vector<std::string>& lines, std::string_view line);

  InputFile file_;
  std::string rest_;     // the beginning of a line whose end has not come yet
  size_t searched_ = 0;  // how much of it is known to hold no end
  size_t count_ = 0;
  bool ended_ = false;
  std::exception_ptr failure_;  // waits until the lines before it are out
};

}
