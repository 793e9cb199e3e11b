/// Every kernel against the bound of this CPU that it cannot beat, on one thread.
///
///     bench_ops [--benchmark_filter=REGEX] [--benchmark_format=json]
///
/// A kernel moves numbers and computes with them. It can do the one no faster than a plain loop, `y[i] += 1`, goes
/// through as much memory, and the other no faster than BLAS multiplies large matrices. Both are measured first. The
/// column `of_bound` says which part of the slower of the two a kernel reaches, in percent.
///
/// Kernels run on memory that fits the second-level cache (512 KiB) and, where they pass once over long arrays, on
/// memory larger than any cache (512 MiB).

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "nn/optim/optimizer_kernels.h"
#include "ops/gemm/blas.h"
#include "ops/gemm/packed_matrix.h"
#include "ops/kernels/attention.h"
#include "ops/kernels/cross_entropy.h"
#include "ops/kernels/elementwise.h"
#include "ops/kernels/random.h"
#include "ops/kernels/recurrent.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"
#include "ops/kernels/vector_math.h"
#include "tests/bench/bench_data.h"

using namespace gradus;

namespace {

constexpr std::size_t kInCache = std::size_t{512} << 10, kInMemory = std::size_t{512} << 20;  // bytes

/// Instructions that the functions of vector_math.h take for a vector of numbers, a fused multiply-add being one. A
/// division holds the unit that computes it for 16 cycles, a square root for 19; other instructions can run meanwhile.
constexpr double kDivision = 16, kRoot = 19, kExp = 24, kLog = 25 + kDivision, kTanh = 22 + kDivision,
                 kSigmoid = kExp + 5 + kDivision;

GRADUS_SIMD_CLONES void add_one(Real* y, std::size_t n) {
  GRADUS_INDEPENDENT_LOOP
  for (std::size_t i = 0; i < n; ++i) y[i] += 1;
}

/// The fastest of some runs, in seconds.
double fastest(int runs, const std::function<void()>& run) {
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const double begin = bench::seconds();
    run();
    best = std::min(best, bench::seconds() - begin);
  }
  return best;
}

/// Bytes that the plain loop moves in a second, when it goes through `footprint` bytes again and again.
double bandwidth(std::size_t footprint) {
  static std::map<std::size_t, double> known;
  if (const auto found = known.find(footprint); found != known.end()) return found->second;
  std::vector<Real> numbers(footprint / sizeof(Real));
  const int repeats = static_cast<int>(std::max<std::size_t>((std::size_t{64} << 20) / footprint, 1));
  const double time = fastest(10, [&] {
    for (int i = 0; i < repeats; ++i) add_one(numbers.data(), numbers.size());
  });
  return known[footprint] = 2.0 * static_cast<double>(footprint) * repeats / time;
}

/// Multiply-adds a second of the largest product that BLAS is good at.
double arithmetic() {
  static const double result = [] {
    constexpr int n = 1024;
    const std::vector<Real> a(n * n, Real(0.5)), b(n * n, Real(0.25));
    std::vector<Real> c(n * n);
    return double(n) * n * n / fastest(20, [&] { gemm(N, N, n, n, n, 1, a.data(), n, b.data(), n, 0, c.data(), n); });
  }();
  return result;
}

/// What one call of a kernel does.
struct Work {
  double bytes;           ///< read and written; a number written but not read is read nevertheless, by the cache
  double operations;      ///< on single numbers
  std::size_t footprint;  ///< bytes that calls in a row go through
};

void add(
    const std::string& name, const Work& work, const std::function<void()>& call,
    const std::function<void()>& prepare = [] {}) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    const double moving = work.bytes / bandwidth(work.footprint), computing = work.operations / arithmetic();
    prepare();
    for (auto _ : state) call();
    using benchmark::Counter;
    state.counters["GB/s"] = Counter(work.bytes * 1e-9, Counter::kIsIterationInvariantRate);
    state.counters["Gop/s"] = Counter(work.operations * 1e-9, Counter::kIsIterationInvariantRate);
    state.counters["of_bound"] = Counter(100 * std::max(moving, computing), Counter::kIsIterationInvariantRate);
    state.SetLabel(moving > computing ? "memory" : "arithmetic");
  })->Unit(benchmark::kMicrosecond);
}

/// A kernel that passes once over some arrays of n numbers.
struct Pass {
  const char* name;
  int arrays;
  double moved, operations;  ///< for each element
  void (*run)(Real* const* x, std::size_t n);
};

const Pass kPasses[] = {
    {"fill", 1, 2, 0, [](Real* const* x, std::size_t n) { kernels::fill(1, x[0], n); }},
    {"copy", 2, 3, 0, [](Real* const* x, std::size_t n) { kernels::copy(x[0], x[1], n); }},
    {"scale", 2, 3, 1, [](Real* const* x, std::size_t n) { kernels::scale(2, x[0], x[1], n); }},
    {"axpy", 2, 3, 1, [](Real* const* x, std::size_t n) { kernels::axpy(2, x[0], x[1], n); }},
    {"add", 3, 4, 1, [](Real* const* x, std::size_t n) { kernels::add(x[0], x[1], x[2], n); }},
    {"mul", 3, 4, 1, [](Real* const* x, std::size_t n) { kernels::mul(x[0], x[1], x[2], n); }},
    {"add_product", 3, 4, 1, [](Real* const* x, std::size_t n) { kernels::add_product(x[0], x[1], x[2], n); }},
    {"sum", 1, 1, 1, [](Real* const* x, std::size_t n) { benchmark::DoNotOptimize(kernels::sum(x[0], n)); }},
    {"dot", 2, 2, 1, [](Real* const* x, std::size_t n) { benchmark::DoNotOptimize(kernels::dot(x[0], x[1], n)); }},
    {"max", 1, 1, 1, [](Real* const* x, std::size_t n) { benchmark::DoNotOptimize(kernels::max(x[0], n)); }},
    {"square_sum", 1, 1, 4,
     [](Real* const* x, std::size_t n) { benchmark::DoNotOptimize(kernels::square_sum(x[0], n)); }},
    {"exp", 2, 3, kExp, [](Real* const* x, std::size_t n) { kernels::exp(x[0], x[1], n); }},
    {"log", 2, 3, kLog, [](Real* const* x, std::size_t n) { kernels::log(x[0], x[1], n); }},
    {"tanh", 2, 3, kTanh, [](Real* const* x, std::size_t n) { kernels::tanh(x[0], x[1], n); }},
    {"tanh_backward", 3, 4, 2, [](Real* const* x, std::size_t n) { kernels::tanh_backward(x[0], x[1], x[2], n); }},
    {"sigmoid", 2, 3, kSigmoid, [](Real* const* x, std::size_t n) { kernels::sigmoid(x[0], x[1], n); }},
    {"dropout_mask", 1, 2, 27, [](Real* const* x, std::size_t n) { kernels::dropout_mask(1, 2, Real(0.7), x[0], n); }},
    {"sgd", 2, 3, 3,
     [](Real* const* x, std::size_t n) {
       kernels::sgd({1, 0, Real(1e-3), 0}, x[0], x[1], n);
     }},
    {"sgd_momentum", 3, 5, 4,
     [](Real* const* x, std::size_t n) {
       kernels::sgd_momentum({1, 0, Real(1e-3), Real(0.9)}, x[0], x[1], x[2], n);
     }},
    {"sgd_nesterov", 3, 5, 5,
     [](Real* const* x, std::size_t n) {
       kernels::sgd_nesterov({1, 0, Real(1e-3), Real(0.9)}, x[0], x[1], x[2], n);
     }},
    {"adagrad", 3, 5, 5 + kRoot + kDivision,
     [](Real* const* x, std::size_t n) {
       kernels::adagrad({1, 0, Real(1e-2), Real(1e-8)}, x[0], x[1], x[2], n);
     }},
    {"adadelta", 4, 7, 10 + 2 * kRoot + kDivision,
     [](Real* const* x, std::size_t n) {
       kernels::adadelta({1, 0, 1, Real(0.95), Real(1e-6)}, x[0], x[1], x[2], x[3], n);
     }},
    {"adam", 4, 7, 9 + kRoot + kDivision,
     [](Real* const* x, std::size_t n) {
       kernels::adam({1, 0, Real(0.9), Real(0.999), Real(1e-8), Real(1e-3), 1, 1}, x[0], x[1], x[2], x[3], n);
     }},
};

void add_passes() {
  // All share one range of memory, whose numbers begin as normal ones: denormal numbers would cost extra.
  static std::vector<Real> memory(kInMemory / sizeof(Real));
  for (const Pass& pass : kPasses) {
    for (const std::size_t footprint : {kInCache, kInMemory}) {
      const std::size_t n = footprint / sizeof(Real) / pass.arrays;
      const double elements = static_cast<double>(n);
      add(
          fmt::format("{}/{}", pass.name, footprint == kInCache ? "cache" : "memory"),
          {pass.moved * sizeof(Real) * elements, pass.operations * elements, footprint},
          [=] {
            Real* arrays[4];
            for (int i = 0; i < pass.arrays; ++i) arrays[i] = memory.data() + i * n;
            pass.run(arrays, n);
            benchmark::ClobberMemory();
          },
          [=] { std::fill_n(memory.begin(), pass.arrays * n, Real(0.5)); });
    }
  }
}

/// Kernels over the rows of a step, with the reference model's sizes. What they read and write stays in the cache.
void add_rows() {
  constexpr int B = 32, H = 512, S = 14, V = 5921;
  static std::vector<Real> x(B * 8 * H, Real(0.1)), y(B * 8 * H, Real(0.1)), z(S * H, Real(0.1)), row(V, Real(0.1));
  static std::vector<int> offset(S);
  for (int j = 0; j < S; ++j) offset[j] = j;
  constexpr double units = B * H, numbers = sizeof(Real);
  const auto row_work = [](double n, double moved, double operations) {
    return Work{n * moved * numbers, n * operations, kInCache};
  };
  Real *const gates = x.data(), *const cell = y.data(), *const next = cell + B * H, *const hidden = next + B * H;
  Real* const products = hidden + B * H;
  add("lstm_forward/32x512", row_work(units, 8 + 1 + 4, 3 * kSigmoid + 2 * kTanh + 4),
      [=] { kernels::lstm_forward(B, H, gates, cell, next, hidden); });
  add("lstm_backward/32x512", row_work(units, 8 + 1 + 1 + 2, kTanh + 20),
      [=] { kernels::lstm_backward(B, H, gates, cell, hidden, next); });
  add("gru_forward/32x512", row_work(units, 6 + 3 + 1 + 4, 2 * kSigmoid + kTanh + 8),
      [=] { kernels::gru_forward(B, H, gates, products, cell, next, hidden); });
  add("gru_backward/32x512", row_work(units, 6 + 1 + 1 + 2 + 6, 15),
      [=] { kernels::gru_backward(B, H, gates, cell, next, hidden, products); });
  add("additive_scores/14x512", row_work(S * H, 1, kTanh + 2),
      [=] { kernels::additive_scores(S, H, cell, z.data(), offset.data(), next, row.data()); });
  add("additive_scores_backward/14x512", row_work(S * H, 3, kTanh + 8), [=] {
    kernels::additive_scores_backward(S, H, cell, z.data(), offset.data(), next, row.data(), hidden, gates, H,
                                      products);
  });
  add("softmax_row/5921", row_work(V, 3, 1 + 1 + kExp + 1 + 1), [=] { kernels::softmax_row(row.data(), gates, V); });
  add("log_sum_exp/5921", row_work(V, 1, 1 + 1 + kExp + 1),
      [=] { benchmark::DoNotOptimize(kernels::log_sum_exp(row.data(), V)); });
  add("cross_entropy_row/5921", row_work(V, 2, 1 + 1 + 1 + kExp + 1 + 1),
      [=] { benchmark::DoNotOptimize(kernels::cross_entropy_row(row.data(), V, 7, Real(0.1), Real(1e-3))); });
}

/// Products (m, k) (k, n), through BLAS and with a packed weight.
void add_products() {
  constexpr int k = 512, n = 2048;
  static std::vector<Real> a(1024 * 1024, Real(0.01)), b(1024 * 1024, Real(0.01)), c(1024 * 2048);
  static std::vector<Real> panels(PackedMatrix::memory_size(k, n));
  static const PackedMatrix packed(T, k, n, b.data(), k, panels.data());
  const auto work = [](double m, double n, double k) {
    return Work{(m * k + k * n + 2 * m * n) * sizeof(Real), m * n * k,
                static_cast<std::size_t>((m * k + k * n + m * n) * sizeof(Real))};
  };
  add("gemm/1024x1024x1024", work(1024, 1024, 1024),
      [=] { gemm(N, N, 1024, 1024, 1024, 1, a.data(), 1024, b.data(), 1024, 0, c.data(), 1024); });
  for (const int m : {1, 5, 8, 16, 32, 64, 128}) {
    add(fmt::format("gemm/{}x{}x{}", m, n, k), work(m, n, k),
        [=] { gemm(N, T, m, n, k, 1, a.data(), k, b.data(), k, 1, c.data(), n); });
    add(fmt::format("packed/{}x{}x{}", m, n, k), work(m, n, k),
        [=] { packed.add_product(m, a.data(), k, c.data(), n); });
  }
}

}

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  fmt::print(stderr, "{}\none thread, {} bits; {:.0f} GB/s in the cache, {:.0f} GB/s in memory, {:.0f} Gop/s\n",
             describe(blas_info()), 8 * sizeof(Real), bandwidth(kInCache) * 1e-9, bandwidth(kInMemory) * 1e-9,
             arithmetic() * 1e-9);
  add_passes();
  add_rows();
  add_products();
  benchmark::RunSpecifiedBenchmarks();
}
