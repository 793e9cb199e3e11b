#include "examples/translate/text/input_lines.h"

#include <algorithm>

#include "autograd/error.h"
#include "examples/translate/text/text.h"

namespace gradus::translate {

std::vector<std::string> InputLines::next() {
  if (failure_) std::rethrow_exception(failure_);
  std::vector<std::string> lines;
  try {
    while (lines.empty() && !ended_) {
      ended_ = !file_.read_more(rest_);
      take_lines(lines);
    }
  } catch (const Error&) {
    if (lines.empty()) throw;
    failure_ = std::current_exception();
  }
  return lines;
}

void InputLines::take_lines(std::vector<std::string>& lines) {
  size_t begin = 0;
  for (size_t end; (end = rest_.find('\n', std::max(begin, searched_))) != std::string::npos; begin = end + 1)
    add(lines, std::string_view(rest_).substr(begin, end - begin));
  rest_.erase(0, begin);
  searched_ = rest_.size();
  if (ended_ && !rest_.empty()) add(lines, rest_);
}

void InputLines::add(std::vector<std::string>& lines, std::string_view line) {
  lines.emplace_back(clean_line(line, ++count_, file_.name()));
}

}
