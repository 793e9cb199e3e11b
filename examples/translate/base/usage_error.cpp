#include "examples/translate/base/usage_error.h"

#include <fmt/core.h>

#include <algorithm>

namespace gradus::translate {

void require_distinct(const char* option, const std::vector<std::string>& names) {
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(names.begin(), name, *name) != name)
      throw UsageError(fmt::format("{}: {} is given twice", option, *name));
  }
}

}
