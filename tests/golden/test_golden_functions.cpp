#include <doctest/doctest.h>

#include <limits>

#include "ops/arrange/extend.h"
#include "ops/arrange/sort.h"
#include "ops/compare.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/reduce.h"
#include "ops/softmax.h"
#include "tests/golden/golden.h"

using namespace gradus;

TEST_CASE("golden: number by number, along axes, and in other shapes") {
  constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
  const std::map<std::string, Tensor (*)(Tensor)> ops = {
      {"abs", abs},
      {"ceil", ceil},
      {"cos", cos},
      {"erf", erf},
      {"elu", [](Tensor x) { return elu(x, Real(0.7)); }},
      {"exponential", [](Tensor x) { return pow(1.5, x); }},
      {"expm1", expm1},
      {"floor", floor},
      {"leaky_relu", [](Tensor x) { return leaky_relu(x, Real(0.2)); }},
      {"log1p", log1p},
      {"masked_fill", [](Tensor x) { return masked_fill(x, gt(x, 1), 9); }},
      {"reciprocal", [](Tensor x) { return 3 / x; }},
      {"round", round},
      {"rsqrt", rsqrt},
      {"sign", sign},
      {"silu", silu},
      {"sin", sin},
      {"softplus", [](Tensor x) { return softplus(x, 2, 5); }},
      {"amax", [](Tensor x) { return amax(x, 1); }},
      {"amax_all", [](Tensor x) { return max(x); }},
      {"amin",
       [](Tensor x) {
         return amin(x, {0, 1}, true);
       }},
      {"min", [](Tensor x) { return min(x, 0); }},
      {"mean_axes",
       [](Tensor x) {
         return mean(x, {0, 2});
       }},
      {"sum_axes",
       [](Tensor x) {
         return sum(x, {-1, 0}, true);
       }},
      {"prod", [](Tensor x) { return prod(x, 1); }},
      {"prod_all", [](Tensor x) { return prod(x); }},
      {"var",
       [](Tensor x) {
         return var(x, {0, 2}, false);
       }},
      {"var_all", [](Tensor x) { return var(x); }},
      {"stddev",
       [](Tensor x) {
         return stddev(x, {1, 2}, 1, true);
       }},
      {"stddev_equal", [](Tensor x) { return stddev(x, 1); }},
      {"norm",
       [](Tensor x) {
         return norm(x, 2, {0, 2});
       }},
      {"norm_1", [](Tensor x) { return norm(x, 1, 1); }},
      {"norm_3", [](Tensor x) { return norm(x, 3, 1); }},
      {"norm_inf", [](Tensor x) { return norm(x, kInfinity, 1); }},
      {"norm_half", [](Tensor x) { return norm(x, Real(0.5), 1); }},
      {"norm_zero", [](Tensor x) { return norm(x, 2, 1); }},
      {"logsumexp",
       [](Tensor x) {
         return logsumexp(x, {0, 2});
       }},
      {"cumsum", [](Tensor x) { return cumsum(x, 1); }},
      {"softmax_axis", [](Tensor x) { return softmax(x, 1); }},
      {"log_softmax_axis", [](Tensor x) { return log_softmax(x, 0); }},
      {"sort", [](Tensor x) { return sort(x, 1, true).values; }},
      {"topk", [](Tensor x) { return topk(x, 2, 2, false).values; }},
      {"permute",
       [](Tensor x) {
         return permute(x, {2, 0, 1});
       }},
      {"flip",
       [](Tensor x) {
         return flip(x, {0, 2});
       }},
      {"slice", [](Tensor x) { return slice(slice(x, 1, 1), 2, 0, kToEnd, 2); }},
      {"select", [](Tensor x) { return select(x, 1, -1); }},
      {"expand",
       [](Tensor x) {
         return expand(slice(x, 1, 0, 1), {2, -1, 3, 4});
       }},
      {"repeat",
       [](Tensor x) {
         return repeat(x, {2, 1, 3, 1});
       }},
      {"tile",
       [](Tensor x) {
         return tile(x, {3, 2});
       }},
      {"pad",
       [](Tensor x) {
         return pad(x, {1, -1, 0, 2}, 3);
       }},
      {"stack",
       [](Tensor x) {
         return stack({x, 2 * x}, 2);
       }},
  };
  for (const auto& [key, op] : ops) {
    const std::string name = key;  // a lambda of CAPTURE's takes no structured binding, by C++20
    CAPTURE(name);
    GoldenCase golden("functions", name);
    golden.check({{"y", op(golden.input("input"))}});
  }
}

TEST_CASE("golden: where several tensors meet") {
  {
    GoldenCase golden("functions", "maximum");
    golden.check({{"y", maximum(golden.input("input"), golden.input("other"))}});
  }
  {
    GoldenCase golden("functions", "minimum");
    golden.check({{"y", minimum(golden.input("input"), golden.input("other"))}});
  }
  {
    GoldenCase golden("functions", "pow");
    golden.check({{"y", pow(reshape(golden.input("input"), {1, 2, 3}), golden.input("exponent"))}});
  }
  {
    GoldenCase golden("functions", "clamp");
    golden.check({{"y", clamp(golden.input("input"), golden.input("min"), golden.input("max"))}});
  }
  GoldenCase golden("functions", "where");
  golden.check({{"y", where(constant({2, 1}, {1, 0}), golden.input("input"), golden.input("other"))}});
}
