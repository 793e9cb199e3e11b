#include "ops/create/random.h"

#include <cmath>

#include "autograd/scratch.h"
#include "ops/kernels/random.h"
#include "ops/kernels/reduction.h"
#include "ops/kernels/softmax.h"
#include "ops/kernels/vector_math.h"

namespace gradus::inline GRADUS_PRECISION {

Tensor rand(const Shape& shape) {
  Tensor x = full(shape, 0);
  const Tape::RandomRange random = Tape::active().random(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x.value()[i] = kernels::uniform(random.seed, random.begin + i);
  return x;
}

namespace {

/// Marsaglia's polar method (1964): of points of a square those in its unit circle. With s the square of its radius, a
/// point's x √(-2 log(s) / s) is normal. Each number has tries of its own, so that none depends on those before it.
Real normal(std::uint64_t seed, std::uint64_t counter) {
  constexpr std::uint64_t kTries = 64, kOtherSequence = 0x5851f42d4c957f2d;  // of each four fifths are in the circle
  const auto uniform = [=](std::uint64_t i) {
    return 2 * static_cast<double>(kernels::uniform(seed ^ kOtherSequence, counter * 2 * kTries + i)) - 1;
  };
  for (std::uint64_t i = 0; i < 2 * kTries; i += 2) {
    const double x = uniform(i), y = uniform(i + 1), s = x * x + y * y;
    if (s > 0 && s < 1) return static_cast<Real>(x * std::sqrt(-2 * double(log_approx(Real(s))) / s));
  }
  return 0;
}

}

Tensor randn(const Shape& shape) {
  Tensor x = full(shape, 0);
  const Tape::RandomRange random = Tape::active().random(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x.value()[i] = normal(random.seed, random.begin + i);
  return x;
}

std::vector<int> categorical(Tensor logits) {
  const ConstArray rows = logits.value();
  const int n = rows.cols();
  const int count = rows.rows();
  const Tape::RandomRange random = Tape::active().random(count);
  std::vector<int> result(count);
  Scratch scratch;
  Real* const probabilities = scratch.allocate(n);
  for (int i = 0; i < count; ++i) {
    kernels::softmax_row(rows.row(i), probabilities, n);
    if (!(kernels::sum(probabilities, n) > 0)) {
      fail("categorical: nothing to draw from: row {} of logits, which are {}, has NaN, inf, or nothing but -inf", i,
           logits.shape());
    }
    result[i] = detail::draw(probabilities, n, kernels::uniform(random.seed, random.begin + i));
  }
  return result;
}

int detail::draw(const Real* probabilities, int count, Real random) {
  Real sum = 0;
  int last = 0;  // the last that is possible, in case that rounding leaves the sum below the random number
  for (int j = 0; j < count; ++j) {
    if (probabilities[j] <= 0) continue;
    sum += probabilities[j];
    last = j;
    if (random < sum) break;
  }
  return last;
}

}
