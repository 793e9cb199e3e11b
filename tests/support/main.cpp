#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <set>
#include <string_view>

#include "autograd/gradcheck.h"

namespace {

std::mutex recorded_mutex;
std::set<std::string> recorded_ops;

void remember(const char* op, gradus::Pass) {
  const std::lock_guard lock(recorded_mutex);
  recorded_ops.insert(op);
}

/// What the tests recorded and no gradcheck reached. Ops that a test defines for itself are called `test_...`.
std::vector<std::string> unchecked_ops() {
  const std::set<std::string> checked = gradus::gradchecked_ops();
  std::vector<std::string> unchecked;
  std::set_difference(recorded_ops.begin(), recorded_ops.end(), checked.begin(), checked.end(),
                      std::back_inserter(unchecked));
  std::erase_if(unchecked, [](std::string_view op) { return op.starts_with("test_"); });
  return unchecked;
}

}

/// Runs all tests and then, when none was filtered out, fails if an op that any of them recorded was never gradchecked
/// in double.
int main(int argc, char** argv) {
  gradus::set_op_observer(remember);
  doctest::Context context(argc, argv);
  const int result = context.run();
  const bool is_double = sizeof(gradus::Real) == sizeof(double);
  if (context.shouldExit() || argc > 1 || !is_double) return result;
  const std::vector<std::string> unchecked = unchecked_ops();
  if (!unchecked.empty()) {
    fmt::print(stderr, "recorded by a test, but never gradchecked: {}\n", fmt::join(unchecked, ", "));
    return 1;
  }
  return result;
}
