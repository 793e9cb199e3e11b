#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <bitset>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "ops/kernels/elementwise.h"
#include "ops/kernels/random.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"
#include "ops/kernels/vector_math.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

using vector_math::Bits;
using vector_math::kSingle;
using Wide = std::conditional_t<kSingle, double, long double>;
using Limits = std::numeric_limits<Real>;

using Kernel = void (*)(const Real*, Real*, std::size_t);
using Exact = Wide (*)(Wide);

struct Function {
  const char* name;
  Kernel kernel;
  Exact exact;
};

const Function kFunctions[] = {
    {"exp", kernels::exp, [](Wide x) { return std::exp(x); }},
    {"log", kernels::log, [](Wide x) { return std::log(x); }},
    {"tanh", kernels::tanh, [](Wide x) { return std::tanh(x); }},
    {"sigmoid", kernels::sigmoid,
     [](Wide x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }},
};

/// Values spread evenly over all bit patterns, and densely where the functions are not constant.
std::vector<Real> probes() {
  std::vector<Real> x;
  constexpr int kPatterns = 1 << 20, kDense = 1 << 17;
  const Bits step = std::numeric_limits<Bits>::max() / kPatterns | 1;
  for (int i = 0; i <= kPatterns; ++i) x.push_back(std::bit_cast<Real>(static_cast<Bits>(i * step)));
  for (double range : {1.0, 25.0, kSingle ? 110.0 : 760.0}) {
    for (int i = -kDense; i <= kDense; ++i) x.push_back(static_cast<Real>(range * i / kDense));
  }
  return x;
}

/// |y - exact| in units of the last place of `exact` as a Real. Infinity counts as the power of two above the largest
/// number, so that overflow one step early or late is one ULP.
double ulp_error(Real y, Wide exact) {
  if (std::isnan(exact) || std::isnan(y)) return std::isnan(exact) && std::isnan(y) ? 0 : kInfinity;
  const Wide top = std::ldexp(Wide{1}, Limits::max_exponent);
  const auto clip = [top](Wide v) { return std::fmax(-top, std::fmin(v, top)); };
  exact = clip(exact);
  const int exponent = exact == 0 ? Limits::min_exponent : std::ilogb(exact) + 1;
  const int last_place = std::max(exponent, Limits::min_exponent) - Limits::digits;
  return static_cast<double>(std::ldexp(std::fabs(clip(y) - exact), -last_place));
}

std::vector<Real> apply(Kernel kernel, const std::vector<Real>& x) {
  std::vector<Real> y(x.size());
  kernel(x.data(), y.data(), x.size());
  return y;
}

Real apply(Kernel kernel, Real x) {
  Real y = 0;
  kernel(&x, &y, 1);
  return y;
}

bool same_bits(Real a, Real b) { return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b); }

/// FNV-1a over the bits of the numbers.
std::uint64_t hash(const std::vector<Real>& x) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (Real value : x) {
    if (value != value) value = 0;  // the bits of a NaN are not part of the promise
    for (std::size_t byte = 0; byte < sizeof(Real); ++byte) {
      h = (h ^ (std::bit_cast<Bits>(value) >> (8 * byte) & 0xff)) * 0x100000001b3u;
    }
  }
  return h;
}

/// A fixed sequence in [-4, 4) made of exact arithmetic.
std::vector<Real> sequence(std::size_t n) {
  std::vector<Real> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<Real>((i * 7919 + 13) % 8192) / 1024 - 4;
  return x;
}

}

TEST_CASE("exp, log, tanh and sigmoid are within 4 ULP over the whole range") {
  const std::vector<Real> x = probes();
  for (const Function& f : kFunctions) {
    const std::vector<Real> y = apply(f.kernel, x);
    double worst = 0;
    std::size_t where = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double error = ulp_error(y[i], f.exact(x[i]));
      if (error > worst) worst = error, where = i;
    }
    CAPTURE(std::string(f.name));
    CAPTURE(x[where]);
    CHECK(worst <= 4);
  }
}

TEST_CASE("exp, log, tanh and sigmoid at special values") {
  CHECK(apply(kernels::exp, Real(0)) == 1);
  CHECK(apply(kernels::exp, kInfinity) == kInfinity);
  CHECK(same_bits(apply(kernels::exp, -kInfinity), 0));
  CHECK(apply(kernels::exp, Limits::max()) == kInfinity);
  CHECK(apply(kernels::exp, Limits::lowest()) == 0);

  CHECK(same_bits(apply(kernels::log, Real(1)), 0));
  CHECK(apply(kernels::log, Real(0)) == -kInfinity);
  CHECK(apply(kernels::log, -Real(0)) == -kInfinity);
  CHECK(apply(kernels::log, kInfinity) == kInfinity);
  CHECK(std::isnan(apply(kernels::log, Real(-1))));
  CHECK(std::isnan(apply(kernels::log, -kInfinity)));

  CHECK(same_bits(apply(kernels::tanh, Real(0)), 0));
  CHECK(same_bits(apply(kernels::tanh, -Real(0)), -Real(0)));
  CHECK(apply(kernels::tanh, kInfinity) == 1);
  CHECK(apply(kernels::tanh, -kInfinity) == -1);
  CHECK(apply(kernels::tanh, Limits::denorm_min()) == Limits::denorm_min());

  CHECK(apply(kernels::sigmoid, Real(0)) == Real(0.5));
  CHECK(apply(kernels::sigmoid, kInfinity) == 1);
  CHECK(same_bits(apply(kernels::sigmoid, -kInfinity), 0));

  for (const Function& f : kFunctions) CHECK_MESSAGE(std::isnan(apply(f.kernel, kNaN)), f.name);
}

TEST_CASE("elementwise kernels give the same bits at any length, offset and in place") {
  const std::vector<Real> x = sequence(300);
  for (const Function& f : kFunctions) {
    CAPTURE(std::string(f.name));
    const std::vector<Real> whole = apply(f.kernel, x);
    bool same = true;
    for (std::size_t n = 0; n <= 67; ++n) {
      std::vector<Real> in_place(x.begin() + n, x.begin() + 2 * n);
      f.kernel(in_place.data(), in_place.data(), n);
      for (std::size_t i = 0; i < n; ++i) {
        same &= same_bits(in_place[i], whole[n + i]) || (std::isnan(in_place[i]) && std::isnan(whole[n + i]));
      }
    }
    CHECK(same);
  }
}

TEST_CASE("arithmetic kernels") {
  const std::size_t n = 131;
  const std::vector<Real> a = sequence(n), b = sequence(2 * n);  // multiples of 1/1024: all results below are exact
  const Real* c = b.data() + n;
  std::vector<Real> y(n + 1, 99), z(n);
  for (std::size_t i = 0; i < n; ++i) z[i] = a[i];

  kernels::scale(-2, a.data(), y.data(), n);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(y[i] == -2 * a[i]);
  kernels::axpy(4, c, y.data(), n);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(y[i] == -2 * a[i] + 4 * c[i]);
  kernels::add(a.data(), c, y.data(), n);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(y[i] == a[i] + c[i]);
  kernels::mul(a.data(), c, y.data(), n);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(y[i] == a[i] * c[i]);
  kernels::copy(a.data(), y.data(), n);
  kernels::copy(y.data(), y.data(), n);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(y[i] == a[i]);
  kernels::fill(3, y.data(), n);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(y[i] == 3);
  kernels::add_product(z.data(), z.data(), z.data(), n);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(z[i] == a[i] + a[i] * a[i]);
  kernels::relu(a.data(), y.data(), n);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(y[i] == std::max(a[i], Real(0)));
  kernels::relu_backward(y.data(), c, y.data(), n);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(y[i] == (a[i] > 0 ? c[i] : 0));
  CHECK(y[n] == 99);
}

TEST_CASE("reductions of whole numbers are exact at every length") {
  std::vector<Real> a(300), b(300);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<Real>(i * 37 % 101) - 50;
    b[i] = static_cast<Real>(i * 53 % 89) - 44;
  }
  double sum = 0, dot = 0, squares = 0;
  Real largest = -kInfinity;
  for (std::size_t n = 0; n <= a.size(); ++n) {
    CAPTURE(n);
    REQUIRE(kernels::sum(a.data(), n) == sum);
    REQUIRE(kernels::dot(a.data(), b.data(), n) == dot);
    REQUIRE(kernels::square_sum(a.data(), n) == squares);
    REQUIRE(kernels::max(a.data(), n) == largest);
    if (n == a.size()) break;
    sum += a[n];
    dot += a[n] * b[n];
    squares += a[n] * a[n];
    largest = std::max(largest, a[n]);
  }
}

TEST_CASE("max finds the largest element and a NaN wherever it stands") {
  for (std::size_t n : {1, 5, 32, 33, 100}) {
    for (std::size_t position = 0; position < n; ++position) {
      std::vector<Real> x(n, -7);
      x[position] = -6;
      REQUIRE(kernels::max(x.data(), n) == -6);
      x[position] = kNaN;
      REQUIRE(std::isnan(kernels::max(x.data(), n)));
    }
  }
}

TEST_CASE("square_sum does not overflow or lose small terms as float would") {
  const std::vector<Real> large(40, Real(1e30)), small(1 << 20, Real(0.1));
  CHECK(kernels::square_sum(large.data(), large.size()) == doctest::Approx(40e60));
  CHECK(kernels::square_sum(small.data(), small.size()) ==
        doctest::Approx(double(small.size()) * small[0] * small[0]).epsilon(1e-10));
}

TEST_CASE("softmax_row and log_sum_exp") {
  const double tolerance = 20 * Limits::epsilon();
  for (std::size_t n : {1, 2, 20, 33, 500}) {
    for (Real shift : {Real(0), Real(1000), Real(-1000)}) {
      std::vector<Real> x = sequence(n), y(n);
      for (Real& value : x) value += shift;
      if (n > 2) x[1] = -kInfinity;
      long double total = 0;
      for (Real value : x) total += std::exp(static_cast<long double>(value) - shift);
      kernels::softmax_row(x.data(), y.data(), n);
      double worst = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const double exact = static_cast<double>(std::exp(static_cast<long double>(x[i]) - shift) / total);
        worst = std::max(worst, std::abs(y[i] - exact) / (exact + 1e-300));
      }
      CAPTURE(n);
      CAPTURE(shift);
      CHECK(worst <= tolerance);
      if (n > 2) CHECK(y[1] == 0);
      const double exact = static_cast<double>(std::log(total)) + shift;
      CHECK(std::abs(kernels::log_sum_exp(x.data(), n) - exact) <= tolerance * (1 + std::abs(shift)));
      kernels::softmax_row(x.data(), x.data(), n);
      CHECK(x == y);
    }
  }
  const std::vector<Real> masked(5, -kInfinity);
  CHECK(kernels::log_sum_exp(masked.data(), 5) == -kInfinity);
  CHECK(kernels::log_sum_exp(masked.data(), 0) == -kInfinity);
}

TEST_CASE("a dropout mask is the same made whole or in pieces, across the halves of the counter too") {
  const std::size_t n = 1000;
  for (std::uint64_t offset : {std::uint64_t{0}, (std::uint64_t{1} << 32) - 500, ~std::uint64_t{0} - 300}) {
    std::vector<Real> whole(n), pieces(n);
    kernels::dropout_mask(7, offset, Real(0.75), whole.data(), n);
    kernels::dropout_mask(7, offset + 333, Real(0.75), pieces.data() + 333, n - 333);
    kernels::dropout_mask(7, offset, Real(0.75), pieces.data(), 333);
    CHECK(whole == pieces);
    for (std::size_t i = 0; i < n; ++i) {
      REQUIRE(whole[i] == (kernels::uniform(7, offset + i) < Real(0.75) ? 1 / Real(0.75) : Real(0)));
    }
  }
}

TEST_CASE("a dropout mask keeps what it should") {
  const std::size_t n = 1 << 18;
  std::vector<Real> mask(n);
  kernels::dropout_mask(1, 0, 1, mask.data(), n);
  CHECK(std::count(mask.begin(), mask.end(), Real(1)) == std::ptrdiff_t(n));
  kernels::dropout_mask(1, 0, 0, mask.data(), n);
  CHECK(std::count(mask.begin(), mask.end(), Real(0)) == std::ptrdiff_t(n));

  for (double keep : {0.01, 0.3, 0.5, 0.7, 0.9}) {
    const double sigma = std::sqrt(n * keep * (1 - keep));
    for (std::uint64_t seed : {0u, 1u, 2u, 12345u}) {
      CAPTURE(keep);
      CAPTURE(seed);
      kernels::dropout_mask(seed, 0, Real(keep), mask.data(), n);
      const auto zeros = std::count(mask.begin(), mask.end(), Real(0));
      CHECK(std::abs(double(zeros) - n * (1 - keep)) <= 4 * sigma);
      for (std::size_t lag : {1, 2, 16, 64, 512, 65536}) {  // neighbours, rows and columns are independent
        std::size_t both = 0;
        for (std::size_t i = lag; i < n; ++i) both += mask[i] != 0 && mask[i - lag] != 0;
        const double pairs = double(n - lag), p = keep * keep;
        CAPTURE(lag);
        // Pairs share elements; the variance of their count is p (1 - p) + 2 keep³ (1 - keep) a pair.
        CHECK(std::abs(both - pairs * p) <= 5 * std::sqrt(pairs * (p * (1 - p) + 2 * keep * p * (1 - keep))));
      }
    }
  }
}

TEST_CASE("every bit of seed and counter flips half of the random bits") {
  const auto random = [](std::uint64_t seed, std::uint64_t counter) {
    return std::bitset<24>(static_cast<unsigned long>(kernels::uniform(seed, counter) * 16777216));
  };
  const int samples = 2000;
  for (int bit = 0; bit < 128; ++bit) {
    const std::uint64_t seed_bit = bit < 64 ? std::uint64_t{1} << bit : 0;
    const std::uint64_t counter_bit = bit < 64 ? 0 : std::uint64_t{1} << (bit - 64);
    std::vector<int> flips(24);
    for (std::uint64_t i = 0; i < samples; ++i) {
      const auto changed = random(i, 3 * i) ^ random(i ^ seed_bit, (3 * i) ^ counter_bit);
      for (int j = 0; j < 24; ++j) flips[j] += changed[j];
    }
    CAPTURE(bit);
    for (int j = 0; j < 24; ++j) REQUIRE(std::abs(flips[j] - samples / 2) <= 6 * std::sqrt(samples) / 2);
  }
}

TEST_CASE("the largest number of each block, and of all, leads to the same log-sum") {
  const std::vector<Real> x = sequence(1013);
  for (const std::size_t block : {1, 7, 64, 500, 1013, 2000}) {
    std::vector<Real> maxima((x.size() + block - 1) / block);
    kernels::block_max(x.data(), x.size(), block, maxima.data());
    for (std::size_t i = 0; i < maxima.size(); ++i) {
      CHECK(maxima[i] == *std::max_element(&x[i * block], x.data() + std::min((i + 1) * block, x.size())));
    }
    const Real largest = kernels::max(maxima.data(), maxima.size());
    CHECK(kernels::log_sum_exp(x.data(), x.size(), largest) == kernels::log_sum_exp(x.data(), x.size()));
  }
}

// The hashes are the promise that every CPU, compiler and build type gives the same bits. They change only when a
// kernel's arithmetic does.
TEST_CASE("kernels give the same bits everywhere") {
  const std::vector<Real> x = probes();
  const auto hash_of = [&](Kernel kernel) { return hash(apply(kernel, x)); };
  CHECK(hash_of(kernels::exp) == (kSingle ? 0x5b1ced2afacd7080u : 0x5c3e50bce509b534u));
  CHECK(hash_of(kernels::log) == (kSingle ? 0xfcd523022db17d83u : 0x87733a9ab191c9feu));
  CHECK(hash_of(kernels::tanh) == (kSingle ? 0x4e77dd37627d898au : 0x61f78827f8e14827u));
  CHECK(hash_of(kernels::sigmoid) == (kSingle ? 0x77e8f3d4118d5524u : 0x3399822ed135ad5fu));

  const std::vector<Real> a = sequence(1013), b = apply(kernels::tanh, a);
  std::vector<Real> softmax(a.size()), mask(a.size());
  kernels::softmax_row(a.data(), softmax.data(), a.size());
  kernels::dropout_mask(42, 1, Real(0.5), mask.data(), mask.size());
  CHECK(hash(softmax) == (kSingle ? 0x36891df688584982u : 0x40a6b928c8e6ed64u));
  CHECK(hash(mask) == (kSingle ? 0x3358973fb2aa2eb5u : 0x25299b4bcc5116c5u));
  CHECK(hash({kernels::sum(b.data(), b.size()), kernels::dot(b.data(), softmax.data(), b.size()),
              static_cast<Real>(kernels::square_sum(b.data(), b.size())), kernels::log_sum_exp(a.data(), a.size())}) ==
        (kSingle ? 0x09415fcca0ebdac5u : 0xd975f3f8edc705f5u));
}
