// Runs against fake_openblas.cpp, in a process for each case because a library is chosen once:
//   blas_choice CASE      with CASE one of unknown-cpu, user-choice, loaded-before

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "ops/gemm/blas.h"

using namespace gradus;

namespace {

/// What Gradus writes to stderr while it loads BLAS.
std::string warnings_of_loading() {
  std::FILE* file = std::tmpfile();
  const int terminal = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  blas_info();
  std::fflush(stderr);
  dup2(terminal, STDERR_FILENO);
  close(terminal);
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

bool expect(bool condition, const char* what) {
  if (!condition) fmt::print(stderr, "FAILED: {}\n", what);
  return condition;
}

}

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  if (!__builtin_cpu_supports("avx2")) return 77;  // there is nothing to choose: Meson's exit code for a skipped test
  unsetenv("OPENBLAS_CORETYPE");
  if (name == "user-choice") setenv("OPENBLAS_CORETYPE", "Prescott", 1);
  if (name == "loaded-before") dlopen("libopenblas.so.0", RTLD_NOW);

  const std::string warnings = warnings_of_loading();
  const BlasInfo& info = blas_info();
  fmt::print("{}\n{}", describe(info), warnings);

  bool passed = expect(info.version == "0.0.1", "the fake library is the one under test");
  passed &=
      expect((std::getenv("OPENBLAS_CORETYPE") != nullptr) == (name == "user-choice"), "the environment is as it was");
  if (name == "unknown-cpu") {
    passed &= expect(info.core != "Prescott", "a kernel for this CPU is loaded");
    passed &= expect(info.reason == "chosen for this CPU; it would have picked Prescott", "the reason says so");
    passed &= expect(warnings.empty(), "nothing to warn of");
  } else if (name == "user-choice") {
    passed &= expect(info.core == "Prescott", "the user's choice stands");
    passed &= expect(info.reason == "OPENBLAS_CORETYPE is Prescott; without it this CPU can do more",
                     "the reason says what the choice costs");
    passed &= expect(warnings.empty(), "nothing to warn of");
  } else if (name == "loaded-before") {
    passed &= expect(info.core == "Prescott", "a library that others use is left alone");
    passed &= expect(warnings.find("slow Prescott kernel") != std::string::npos, "a warning names the kernel");
    passed &= expect(warnings.find("OPENBLAS_CORETYPE=") != std::string::npos, "the warning names the remedy");
  } else {
    passed = expect(false, "a known case is named");
  }
  return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
