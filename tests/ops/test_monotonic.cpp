#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "autograd/inspect/check.h"
#include "ops/fused/monotonic.h"
#include "ops/layout.h"
#include "tests/reference/twins.h"
#include "tests/support/numbers.h"

using namespace gradus;

namespace {

const std::vector<int> kLengths = {4, 2, 0, 3};

/// Where the last of so many words stops, with the same probabilities for each.
Tensor alignments(Tensor p, int words) {
  const std::vector<int> lengths = {p.dim(1)};
  Tensor alignment = full(p.shape(), 0);
  alignment.value()[0] = 1;
  for (int i = 0; i < words; ++i) alignment = monotonic_alignment(p, alignment, lengths);
  return alignment;
}

}

TEST_CASE("monotonic: alignments and chunks agree with their twins and pass gradcheck") {
  const auto alignment = [](Tensor p, Tensor previous) { return monotonic_alignment(p, previous, kLengths); };
  const auto twin = [](Tensor p, Tensor previous) { return unfused::monotonic_alignment(p, previous, kLengths); };
  check_twins({{4, 4}, {4, 4}}, alignment, twin);
  gradcheck("monotonic_alignment", {{4, 4}, {4, 4}}, alignment);
  for (const int chunk : {1, 2, 9}) {
    CAPTURE(chunk);
    const auto weights = [&](Tensor a, Tensor u) { return chunkwise_weights(a, u, chunk, kLengths); };
    const auto twin = [&](Tensor a, Tensor u) { return unfused::chunkwise_weights(a, u, chunk, kLengths); };
    check_twins({{4, 4}, {4, 4}}, weights, twin);
    gradcheck("chunkwise_weights", {{4, 4}, {4, 4}}, weights);
  }
}

TEST_CASE("monotonic: by hand, the first word and the second one") {
  const Tape tape;
  const Tensor p = constant({1, 3}, {0.5, 0.2, 0.6});
  check_numbers(alignments(p, 1), {0.5, 0.5 * 0.2, 0.5 * 0.8 * 0.6});
  // It begins where the first one stopped: q = (0.5, 0.5 · 0.5 + 0.1, 0.35 · 0.8 + 0.24).
  check_numbers(alignments(p, 2), {0.25, 0.35 * 0.2, 0.52 * 0.6}, 1e-6);
}

TEST_CASE("monotonic: probabilities of 0 and 1 are the one way that is gone") {
  const Tape tape;
  const std::vector<int> lengths = {4};
  const auto next = [&](std::vector<Real> p, std::vector<Real> previous) {
    return monotonic_alignment(constant({1, 4}, p), constant({1, 4}, previous), lengths);
  };
  check_numbers(next({1, 0, 1, 1}, {0, 1, 0, 0}), {0, 0, 1, 0});  // from 1 on
  check_numbers(next({1, 0, 1, 1}, {0, 0, 1, 0}), {0, 0, 1, 0});  // which may stop where the one before did
  check_numbers(next({1, 1, 0, 0}, {0, 0, 1, 0}), {0, 0, 0, 0});  // nowhere
  check_numbers(next({1, 1, 1, 1}, {0, 0, 0, 0}), {0, 0, 0, 0});  // and then no further one does
}

TEST_CASE("monotonic: chunks by hand") {
  const Tape tape;
  const std::vector<int> lengths = {3};
  const auto ln = [](double x) { return static_cast<Real>(std::log(x)); };
  const Tensor u = constant({1, 3}, {ln(1), ln(3), ln(1)});
  const auto weights = [&](std::vector<Real> alignment, int chunk) {
    return chunkwise_weights(constant({1, 3}, alignment), u, chunk, lengths);
  };
  check_numbers(weights({0.5, 0.1, 0.2}, 1), {0.5, 0.1, 0.2}, 1e-6);
  check_numbers(weights({0.5, 0.1, 0.2}, 2), {0.5 + 0.1 / 4, 0.1 * 3 / 4 + 0.2 * 3 / 4, 0.2 / 4}, 1e-6);
  check_numbers(weights({0, 0, 1}, 2), {0, 0.75, 0.25}, 1e-6);
  check_numbers(weights({0, 0, 1}, 3), {0.2, 0.6, 0.2}, 1e-6);
}

TEST_CASE("monotonic: energies far apart and probabilities of 1 divide nothing by 0") {
  const Tape tape;
  const std::vector<int> lengths = {4};
  const Tensor u = constant({1, 4}, {-1000, -1000, 1000, -std::numeric_limits<Real>::infinity()});
  check_numbers(chunkwise_weights(constant({1, 4}, {0, 1, 0, 0}), u, 2, lengths), {0.5, 0.5, 0, 0});
  check_numbers(alignments(constant({1, 4}, {1, 1, 1, 1}), 3), {1, 0, 0, 0});
}

TEST_CASE("monotonic: what stands beyond a length is not looked at") {
  const Checking nothing(kCheckNothing);
  const Tape tape;
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const std::vector<int> lengths = {2};
  const Tensor a = constant({1, 3}, {1, 0, nan}), x = constant({1, 3}, {0.5, 0.5, nan});
  check_numbers(monotonic_alignment(x, a, lengths), {0.5, 0.25, 0});
  check_numbers(chunkwise_weights(a, x, 3, lengths), {1, 0, 0});
}

TEST_CASE("monotonic: shapes, lengths and chunks that make no sense") {
  const Tape tape;
  const std::vector<int> lengths = {3, 4};
  const Tensor a = full({2, 3}, 0), b = full({2, 4}, 0);
  CHECK_THROWS_WITH_AS(
      monotonic_alignment(a, b, lengths),
      "monotonic_alignment: shapes differ: a is (2, 3), b is (2, 4), there are 2 lengths; need (N, S) twice and N "
      "lengths or more",
      Error);
  CHECK_THROWS_WITH_AS(chunkwise_weights(a, a, 2, lengths),
                       "chunkwise_weights: bad length: lengths[1] is 4, a is (2, 3); need 0 <= length <= 3", Error);
  CHECK_THROWS_WITH_AS(chunkwise_weights(b, b, 0, lengths),
                       "chunkwise_weights: the chunk is 0; need at least 1 position", Error);
}
