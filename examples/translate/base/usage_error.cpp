#include "examples/translate/base/usage_error.h"

#include <fmt/core.h>

#include <algorithm>

#include "examples/translate/base/input_name.h"

namespace gradus::translate {

void require_distinct(const char* option, const std::vector<std::string>& names) {
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(names.begin(), name, *name) != name)
      throw UsageError(fmt::format("{}: {} is given twice", option, *name));
  }
}

void require_one_stdin(const std::string& command, const std::vector<std::string>& files) {
  if (std::ranges::count(files, kStdin) > 1)
    throw UsageError(fmt::format("{}: standard input (-) can stand for one file only", command));
}

}
