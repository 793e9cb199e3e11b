#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "tests/ops/magnitudes/op_results.h"

namespace {

using Numbers = std::vector<std::vector<double>>;
using Limits = std::numeric_limits<float>;

constexpr int kDraws = 300;
constexpr double kUlps = 64;  // of the sums of a few numbers, and of functions within 4 ULP

/// Numbers that float holds exactly. In every second draw all are of one magnitude, so that they matter to each other.
std::vector<double> draw(std::size_t size, const Magnitudes& of, bool alike, std::mt19937_64& rng) {
  std::uniform_real_distribution<double> exponent(std::log(of.least), std::log(of.most)), mantissa(0.5, 1);
  const double common = std::exp(exponent(rng));
  std::vector<double> numbers(size);
  for (double& x : numbers) {
    x = static_cast<float>(mantissa(rng) * (alike ? common : std::exp(exponent(rng))));
    if (!of.positive && rng() % 2 == 0) x = -x;
  }
  return numbers;
}

/// Each number times 1 + δ, with |δ| at most the relative error of rounding to float.
std::vector<double> rounded_otherwise(std::vector<double> numbers, std::mt19937_64& rng) {
  std::uniform_real_distribution<double> delta(-Limits::epsilon() / 2, Limits::epsilon() / 2);
  for (double& x : numbers) x *= 1 + delta(rng);
  return numbers;
}

/// How far `got` is from `exact`, in units of what is allowed: what rounding the inputs otherwise changes, a few ULP of
/// `scale`, and what is lost where float has no smaller numbers. What is too large for float, or a sum of such terms,
/// may become infinite or NaN.
double excess(double got, double exact, double change, double scale) {
  constexpr double kWrong = 1e99;
  if (std::isnan(exact) || std::isinf(change)) return 0;
  const double allowed = kUlps * (change + Limits::epsilon() * scale + Limits::min());
  const double terms = std::abs(exact) + 16 * change / Limits::epsilon();
  if (!std::isfinite(got)) return terms > Limits::max() ? 0 : kWrong;
  return std::abs(got - exact) / allowed;
}

double largest(const std::vector<double>& numbers) {
  double result = 0;
  for (double x : numbers) result = std::max(result, std::abs(x));
  return result;
}

}

TEST_CASE("every op gives in float what it gives in double, value and gradient, at magnitudes from 1e-30 to 1e30") {
  const std::vector<OpDescription> ops = gradus::f32::op_descriptions();
  for (std::size_t op = 0; op < ops.size(); ++op) {
    std::mt19937_64 rng(op + 1);
    double worst = 0;
    std::string text;
    for (int draws = 0; draws < kDraws; ++draws) {
      const bool alike = draws % 2 == 0 || ops[op].magnitudes.alike;
      Numbers inputs;
      for (std::size_t size : ops[op].sizes) inputs.push_back(draw(size, ops[op].magnitudes, alike, rng));
      const std::vector<double> cotangent = draw(ops[op].output_size, {}, alike, rng);
      const std::vector<double> got = gradus::f32::op_result(op, inputs, cotangent).flat();
      const std::vector<double> exact = gradus::f64::op_result(op, inputs, cotangent).flat();
      std::vector<double> change(exact.size());
      for (int k = 0; k < 6; ++k) {
        Numbers others;
        for (const auto& input : inputs) others.push_back(rounded_otherwise(input, rng));
        const std::vector<double> other = gradus::f64::op_result(op, others, rounded_otherwise(cotangent, rng)).flat();
        for (std::size_t i = 0; i < exact.size(); ++i) change[i] = std::max(change[i], std::abs(other[i] - exact[i]));
      }
      REQUIRE(got.size() == exact.size());
      const bool one_scale = ops[op].magnitudes.one_scale;
      for (std::size_t i = 0; i < exact.size(); ++i) {
        const double scale = !one_scale ? std::abs(exact[i]) : i < cotangent.size() ? 1 : largest(cotangent);
        const double e = excess(got[i], exact[i], change[i], scale);
        if (e <= worst) continue;
        worst = e;
        text = fmt::format("{}: number {} is {} in float, {} in double, for x = {}, cotangent {}", ops[op].name, i,
                           got[i], exact[i], fmt::join(inputs[0], " "), fmt::join(cotangent, " "));
      }
    }
    INFO(text);
    CHECK(worst <= 1);
  }
}
