#include "ops/gemm/blas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <fmt/core.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <string_view>
#include <type_traits>

#include "autograd/error.h"
#include "autograd/scratch.h"
#include "ops/kernels/reduction.h"

// Choosing OpenBLAS's kernel
//
// OpenBLAS holds kernels for many CPUs and picks one while it loads. A release older than the CPU may not know it and
// then falls back, silently, to Prescott: SSE3, a fifth to a third of the speed (OpenBLAS issue 4267). The only remedy
// is OPENBLAS_CORETYPE in the environment, which is read once, at load time. Hence dlopen instead of linking:
//
//   1. Load OpenBLAS and ask what it picked. On a CPU it knows this is the end of the story.
//   2. If its pick uses less of the CPU than there is, unload it, name a kernel that every release has, load it again.
//   3. If that is impossible, because the program had loaded OpenBLAS before or its only kernel is built in, warn.
//
// A user who sets OPENBLAS_CORETYPE has decided, and steps 2 and 3 are left out. Of the kernels for AVX-512 (SkylakeX,
// Cooperlake, SapphireRapids) only SkylakeX is ever asked for: every release has it, and Cooperlake measured no faster.
//
// The environment is changed only while the library loads, and restored. As with any use of setenv, no other thread
// should be reading the environment just then: a program with threads calls blas_info() before it starts them.

namespace gradus::inline GRADUS_PRECISION {
namespace {

/// Sets an environment variable for the length of a scope, unless it has a value already.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name), ours_(std::getenv(name) == nullptr) {
    if (ours_) setenv(name_, value, 0);
  }
  ~ScopedVariable() {
    if (ours_) unsetenv(name_);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
  bool ours_;
};

enum class Simd { Sse, Avx2, Avx512 };

/// The widest vectors of this CPU that both it and the operating system support.
Simd cpu_simd() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return Simd::Avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Simd::Avx2;
#endif
  return Simd::Sse;
}

/// The widest vectors that OpenBLAS's kernels of this name use. An unknown name is newer than this list, and trusted.
Simd kernel_simd(std::string_view core) {
  static constexpr std::array kBeforeAvx2 = {
      "Generic",   "Katmai",       "Coppermine", "Northwood",   "Prescott",  "Banias",     "Atom",      "Core2",
      "Penryn",    "Dunnington",   "Nehalem",    "Athlon",      "Nano",      "Opteron",    "Barcelona", "Bobcat",
      "Bulldozer", "Opteron_SSE3", "Piledriver", "Steamroller", "Excavator", "Sandybridge"};
  if (std::find(kBeforeAvx2.begin(), kBeforeAvx2.end(), core) != kBeforeAvx2.end()) return Simd::Sse;
  return core == "Haswell" || core == "Zen" ? Simd::Avx2 : Simd::Avx512;
}

const char* best_core(Simd simd) {
#if defined(__x86_64__)
  if (simd == Simd::Avx2 && __builtin_cpu_is("amd")) return "Zen";
#endif
  return simd == Simd::Avx512 ? "SkylakeX" : "Haswell";
}

void* open_library(int extra_flags) {
  for (const char* name : {"libopenblas.so.0", "libopenblas.so"}) {
    if (void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | extra_flags)) return handle;
  }
  return nullptr;
}

void* load_library() {
  if (void* handle = open_library(0)) return handle;
  fail(
      "blas: OpenBLAS cannot be loaded: {}; install it (Debian, Ubuntu: apt install libopenblas0; Fedora: dnf install "
      "openblas)",
      dlerror());
}

template <class Function>
Function symbol(void* library, const char* name) {
  if (void* address = dlsym(library, name)) return reinterpret_cast<Function>(address);
  fail("blas: this OpenBLAS has no {}; install a build with the C interface (Debian, Ubuntu: libopenblas0)", name);
}

std::string core_name(void* library) { return symbol<char* (*)()>(library, "openblas_get_corename")(); }

std::string version(void* library) {
  const std::string config =
      symbol<char* (*)()>(library, "openblas_get_config")();  // "OpenBLAS 0.3.21 DYNAMIC_ARCH ..."
  const std::size_t begin = std::min(config.find(' ') + 1, config.size());
  return config.substr(begin, config.find(' ', begin) - begin);
}

/// Loads OpenBLAS with the right kernel, by the three steps above, and says in `info` what came of it.
void* choose_and_load(BlasInfo& info) {
  const ScopedVariable no_thread_pool("OPENBLAS_NUM_THREADS", "1");
  void* const loaded_before = open_library(RTLD_NOLOAD);
  void* library = load_library();
  const std::string own_choice = core_name(library);
  const Simd simd = cpu_simd();
  const char* user_choice = std::getenv("OPENBLAS_CORETYPE");

  if (user_choice != nullptr && *user_choice != '\0') {
    info.reason = fmt::format("OPENBLAS_CORETYPE is {}{}", user_choice,
                              kernel_simd(own_choice) < simd ? "; without it this CPU can do more" : "");
    if (strcasecmp(own_choice.c_str(), user_choice) != 0) {
      fmt::print(stderr, "gradus: warning: OPENBLAS_CORETYPE is {}, but OpenBLAS runs its {} kernel\n", user_choice,
                 own_choice);
    }
  } else if (kernel_simd(own_choice) >= simd) {
    info.reason = "its own choice for this CPU";
  } else {
    if (loaded_before == nullptr) {
      dlclose(library);
      const ScopedVariable core("OPENBLAS_CORETYPE", best_core(simd));
      library = load_library();
    }
    info.reason = fmt::format("chosen for this CPU; it would have picked {}", own_choice);
    if (core_name(library) == own_choice) {
      info.reason = "too old for this CPU, but it cannot be changed";
      fmt::print(stderr,
                 "gradus: warning: OpenBLAS runs its slow {0} kernel, and {1}; start the program with "
                 "OPENBLAS_CORETYPE={2} in its environment\n",
                 own_choice, loaded_before ? "was loaded before Gradus could choose" : "has no other built in",
                 best_core(simd));
    }
  }
  info.library = "OpenBLAS";
  info.version = version(library);
  info.core = core_name(library);
  return library;
}

using Gemm = std::conditional_t<sizeof(Real) == sizeof(float), decltype(&cblas_sgemm), decltype(&cblas_dgemm)>;
using Gemv = std::conditional_t<sizeof(Real) == sizeof(float), decltype(&cblas_sgemv), decltype(&cblas_dgemv)>;

struct Blas {
  BlasInfo info;
  Gemm gemm = nullptr;
  Gemv gemv = nullptr;
  bool serial = false;                     // the build without any threads
  int (*omp_get_max_threads)() = nullptr;  // of the OpenMP build only
  void (*omp_set_num_threads)(int) = nullptr;
};

Blas load_blas() {
  enum Threading { Serial = 0, OpenMp = 2 };  // openblas_get_parallel's codes
  constexpr bool kSingle = sizeof(Real) == sizeof(float);
  Blas blas;
  void* library = choose_and_load(blas.info);
  blas.gemm = symbol<Gemm>(library, kSingle ? "cblas_sgemm" : "cblas_dgemm");
  blas.gemv = symbol<Gemv>(library, kSingle ? "cblas_sgemv" : "cblas_dgemv");
  const int threading = symbol<int (*)()>(library, "openblas_get_parallel")();
  if (threading == OpenMp) {
    blas.omp_get_max_threads = symbol<int (*)()>(library, "omp_get_max_threads");
    blas.omp_set_num_threads = symbol<void (*)(int)>(library, "omp_set_num_threads");
  } else {
    symbol<void (*)(int)>(library, "openblas_set_num_threads")(1);
  }
  blas.serial = threading == Serial;
  if (blas.serial) {
    fmt::print(stderr,
               "gradus: warning: this is OpenBLAS's serial build, in which only one thread can compute at a time; "
               "install the other one (Debian, Ubuntu: apt install libopenblas0-pthread)\n");
  }
  return blas;
}

const Blas& blas() {
  static const Blas loaded = load_blas();
  return loaded;
}

/// Stands around every call, for two builds of OpenBLAS that need it (it costs a few nanoseconds):
/// the OpenMP build goes by OpenMP's number of threads, which every thread has for itself; it is lowered to one for the
/// call alone, so that the program's own OpenMP code never notices. The serial build gives wrong results when two
/// threads call it at once, so they take turns.
class Call {
 public:
  explicit Call(const Blas& blas) : blas_(blas) {
    static std::mutex mutex;
    if (blas_.serial) turn_ = std::unique_lock(mutex);
    if (!blas_.omp_set_num_threads) return;
    threads_ = blas_.omp_get_max_threads();
    blas_.omp_set_num_threads(1);
  }
  ~Call() {
    if (blas_.omp_set_num_threads) blas_.omp_set_num_threads(threads_);
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  const Blas& blas_;
  std::unique_lock<std::mutex> turn_;
  int threads_ = 0;
};

CBLAS_TRANSPOSE cblas(Transpose t) { return t == Transpose::Yes ? CblasTrans : CblasNoTrans; }

void check_stride(const char* name, std::int64_t stride, std::int64_t row) {
  if (stride < row)
    fail("gemm: stride of {} is too short: {} for rows of {}; need at least the row", name, stride, row);
  if (stride > std::numeric_limits<int>::max())
    fail("gemm: stride of {} is too long: {}; BLAS needs 32 bits", name, stride);
}

}

namespace {

/// How many products BLAS may add to one number: rounding errors grow with their number, of gemv's single chain sooner
/// than of gemm's blocks. Longer sums are cut into pieces, which add up in double.
std::int64_t long_sum(std::int64_t m, std::int64_t n) { return m == 1 || n == 1 ? 1024 : 8192; }

void add_long_sums(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha,
                   const Real* a, std::int64_t lda, const Real* b, std::int64_t ldb, Real beta, Real* c,
                   std::int64_t ldc) {
  Scratch scratch;
  const std::size_t size = static_cast<std::size_t>(m) * n;
  Real* const piece = scratch.allocate(size);
  double* const total = scratch.allocate<double>(size);
  std::fill_n(total, size, 0.0);
  const std::int64_t length = long_sum(m, n);
  for (std::int64_t begin = 0; begin < k; begin += length) {
    gemm(ta, tb, m, n, std::min(length, k - begin), alpha, a + begin * (ta == T ? lda : 1), lda,
         b + begin * (tb == T ? 1 : ldb), ldb, 0, piece, n);
    kernels::add_to_double(piece, total, size);
  }
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      Real& value = c[i * ldc + j];
      value = static_cast<Real>((beta == 0 ? 0 : beta * value) + total[i * n + j]);
    }
  }
}

}

void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Real* a,
          std::int64_t lda, const Real* b, std::int64_t ldb, Real beta, Real* c, std::int64_t ldc) {
  if (std::min({m, n, k}) < 0) fail("gemm: negative size: m = {}, n = {}, k = {}", m, n, k);
  check_stride("a", lda, ta == T ? m : k);
  check_stride("b", ldb, tb == T ? k : n);
  check_stride("c", ldc, n);
  if (std::max({m, n, k}) > std::numeric_limits<int>::max()) {
    fail("gemm: size too large: m = {}, n = {}, k = {}; BLAS needs 32 bits", m, n, k);
  }
  if (m == 0 || n == 0) return;
  if (k > long_sum(m, n)) return add_long_sums(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);

  const Blas& library = blas();
  const Call call(library);
  if (k == 0 || (m > 1 && n > 1)) {
    library.gemm(CblasRowMajor, cblas(ta), cblas(tb), m, n, k, alpha, a, std::max<int>(lda, 1), b,
                 std::max<int>(ldb, 1), beta, c, ldc);
    return;
  }

  // One row or one column is a matrix-vector product, which gemv does up to three times as fast as gemm. Releases of
  // OpenBLAS differ in whether its gemv lets a NaN in c survive beta = 0, so c is cleared here.
  if (beta == 0) {
    const std::int64_t stride = n == 1 ? ldc : 1;
    for (std::int64_t i = 0; i < m * n; ++i) c[i * stride] = 0;
    beta = 1;
  }
  if (m == 1) {  // cᵀ = alpha op(B)ᵀ aᵀ + beta cᵀ
    library.gemv(CblasRowMajor, tb == T ? CblasNoTrans : CblasTrans, tb == T ? n : k, tb == T ? k : n, alpha, b, ldb, a,
                 ta == T ? lda : 1, beta, c, 1);
  } else {  // c = alpha op(A) b + beta c
    library.gemv(CblasRowMajor, cblas(ta), ta == T ? k : m, ta == T ? m : k, alpha, a, lda, b, tb == T ? 1 : ldb, beta,
                 c, ldc);
  }
}

void gemm(Transpose ta, Transpose tb, Real alpha, const ConstArray& a, const ConstArray& b, Real beta, const Array& c) {
  const int m = ta == T ? a.cols() : a.rows(), inner_a = ta == T ? a.rows() : a.cols();
  const int n = tb == T ? b.rows() : b.cols(), inner_b = tb == T ? b.cols() : b.rows();
  assert(inner_a == inner_b && c.rows() == m && c.cols() == n);
  gemm(ta, tb, m, n, std::min(inner_a, inner_b), alpha, a.data, a.cols(), b.data, b.cols(), beta, c.data, c.cols());
}

const BlasInfo& blas_info() { return blas().info; }

std::string describe(const BlasInfo& info) {
  return fmt::format("{} {}, kernel {} ({})", info.library, info.version, info.core, info.reason);
}

}
