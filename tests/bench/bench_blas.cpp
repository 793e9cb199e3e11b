// What the choice of OpenBLAS's kernel is worth: GFLOP/s of one thread with the kernel that Gradus runs, and with
// Prescott, on which an OpenBLAS older than the CPU ends up by itself.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "ops/gemm/blas.h"

using namespace gradus;

namespace {

/// The best of many runs, in GFLOP/s.
double measure(Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::vector<Real> a(m * k, Real(0.5)), b(k * n, Real(0.25));
  std::vector<Real> c(m * n);
  const double flops = 2.0 * m * n * k;
  const int repeats = std::max(1, static_cast<int>(1e8 / flops));
  double best = 1e9;
  for (int run = 0; run < 30; ++run) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; ++i) gemm(N, tb, m, n, k, 1, a.data(), k, b.data(), tb == T ? k : n, 0, c.data(), n);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::min(best, seconds.count() / repeats);
  }
  return flops / best * 1e-9;
}

}

int main(int, char** argv) {
  constexpr const char* kVariable = "OPENBLAS_CORETYPE";
  fmt::print("{}, one thread, {} bits, GFLOP/s\n", describe(blas_info()), 8 * sizeof(Real));
  fmt::print("{:>5} {:>5} {:>5} {:>9} {:>9}\n", "m", "n", "k", "A B", "A Bᵀ");
  struct Shape {
    std::int64_t m, n, k;
  };
  for (auto [m, n, k] :
       {Shape{1024, 1024, 1024}, {64, 2048, 512}, {32, 2048, 512}, {16, 2048, 512}, {8, 2048, 512}, {1, 2048, 512}}) {
    fmt::print("{:5} {:5} {:5} {:9.1f} {:9.1f}\n", m, n, k, measure(N, m, n, k), measure(T, m, n, k));
  }
  if (std::getenv(kVariable) == nullptr) {  // once more, as it would be without the choice
    std::fflush(stdout);
    setenv(kVariable, "Prescott", 1);
    execv("/proc/self/exe", argv);
    return EXIT_FAILURE;
  }
}
