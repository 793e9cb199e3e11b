#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <string>

#include "autograd/gradcheck.h"
#include "autograd/inspect/formulas.h"
#include "autograd/inspect/observers.h"
#include "tests/support/address_sanitizer.h"

namespace {

std::mutex recorded_mutex;
std::set<std::string> recorded_ops;

void remember(const char* op, gradus::Pass) {
  const std::lock_guard lock(recorded_mutex);
  recorded_ops.insert(op);
}

/// Ops that a test defines for itself are called `test_...`.
bool is_of_library(const std::string& op) { return !op.starts_with("test_"); }

/// Writes the names of the library's ops to a file, one a line.
void write(const std::filesystem::path& path, const std::set<std::string>& ops) {
  std::ofstream file(path);
  std::ranges::copy_if(ops, std::ostream_iterator<std::string>(file, "\n"), is_of_library);
}

/// Names the library's ops that were recorded and have no formulas for people to read. Whether there is none.
bool all_have_formulas() {
  bool all = true;
  for (const std::string& op : recorded_ops) {
    if (!is_of_library(op) || gradus::find_formula(op) != nullptr) continue;
    std::fprintf(stderr, "recorded by a test, but without a line in autograd/inspect/formulas.cpp: %s\n", op.c_str());
    all = false;
  }
  return all;
}

}

/// Runs all tests. If none was filtered out, it leaves in the folder $GRADUS_GRADCHECKS which ops they recorded and
/// which of these were gradchecked, for check_gradchecks.sh to compare over all suites.
int main(int argc, char** argv) {
  gradus::set_op_observer(remember);
  if (kAddressSanitizer) ::setenv("RC_PARAMS", "max_success=25", 0);  // examples of a property, for their time
  doctest::Context context(argc, argv);
  int result = context.run();
  if (!all_have_formulas() && result == 0) result = 1;
  const char* const folder = std::getenv("GRADUS_GRADCHECKS");
  if (context.shouldExit() || argc > 1 || folder == nullptr) return result;
  const std::filesystem::path stem = std::filesystem::path(folder) / std::filesystem::path(argv[0]).filename();
  std::filesystem::create_directories(folder);
  write(stem.string() + ".recorded", recorded_ops);
  write(stem.string() + ".checked", gradus::gradchecked_ops());
  return result;
}
