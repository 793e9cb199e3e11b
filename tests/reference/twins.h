#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "autograd/gather.h"
#include "autograd/gradcheck.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

/// A fused op and its twin, composed of basic ops, must agree in their values and in the gradients of all inputs.

namespace gradus::inline GRADUS_PRECISION {

inline constexpr Real kTwinTolerance = sizeof(Real) == sizeof(double) ? Real(1e-12) : Real(2e-5);

/// Numbers in (-1, 1) of no particular order, different for every seed.
inline std::vector<Real> some_numbers(std::size_t count, int seed) {
  std::vector<Real> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<Real>(std::sin(1.7 * double(i + 1) + 0.9 * seed));
  return numbers;
}

/// A constant of such numbers.
inline Tensor some(const Shape& shape, int seed) { return constant(shape, some_numbers(shape.size(), seed)); }

inline void check_numbers_close(const std::string& what, std::span<const Real> actual, std::span<const Real> expected) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    INFO(what, ", number ", i, ": ", actual[i], " instead of ", expected[i]);
    REQUIRE(std::abs(actual[i] - expected[i]) <= kTwinTolerance * std::max(Real(1), std::abs(expected[i])));
  }
}

/// What a function of tensors computes: values of the outputs, gradients of the inputs.
struct Computed {
  std::vector<std::vector<Real>> values, gradients;
};

/// What the inputs are, and how the gradients come to them.
enum class Inputs { Variables, Leaves, SweptLeaves };

/// Runs the function and, from the sum of cotangent * output over the outputs whose bit is set in `used`, backward, or
/// a sweep, in which ops reuse the memory of gradients.
inline Computed compute(const std::vector<Shape>& inputs, const CheckedFunction& f, unsigned used, Inputs kind) {
  const bool as_leaves = kind != Inputs::Variables;
  std::vector<std::unique_ptr<Leaf>> leaves;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    leaves.push_back(std::make_unique<Leaf>("input", inputs[i]));
    std::ranges::copy(some_numbers(inputs[i].size(), i), leaves[i]->value().begin());
  }
  Tape tape;
  std::vector<Tensor> x;
  for (const auto& leaf : leaves) {
    x.push_back(as_leaves ? leaf->tensor() : variable(leaf->shape(), leaf->value()));
  }
  const std::vector<Tensor> y = f(x);
  Computed result;
  Tensor loss;
  for (std::size_t i = 0; i < y.size(); ++i) {
    result.values.emplace_back(y[i].value().begin(), y[i].value().end());
    if (!(used >> i & 1)) continue;
    const Tensor part = sum(y[i] * constant(y[i].shape(), some_numbers(y[i].size(), 100 + i)));
    loss = loss ? loss + part : part;
  }
  if (kind == Inputs::SweptLeaves) {
    const Tape* const swept = &tape;
    sweep(tape, loss);
    for (const auto& leaf : leaves) gather(*leaf, {&swept, 1}, 0, leaf->rows());
  } else {
    tape.backward(loss);
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const ConstArray gradient = as_leaves ? leaves[i]->grad() : x[i].grad();
    result.gradients.emplace_back(gradient.begin(), gradient.end());
  }
  return result;
}

/// Checks every combination of outputs that a gradient may come from, with inputs of either kind.
inline void check_twins(const std::vector<Shape>& inputs, const CheckedFunction& fused, const CheckedFunction& twin,
                        int outputs = 1) {
  for (unsigned used = 1; used < 1u << outputs; ++used) {
    const Computed expected = compute(inputs, twin, used, Inputs::Variables);
    for (const Inputs kind : {Inputs::Variables, Inputs::Leaves, Inputs::SweptLeaves}) {
      const Computed actual = compute(inputs, fused, used, kind);
      REQUIRE(actual.values.size() == expected.values.size());
      for (std::size_t i = 0; i < actual.values.size(); ++i) {
        check_numbers_close("output " + std::to_string(i), actual.values[i], expected.values[i]);
      }
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        check_numbers_close("gradient of input " + std::to_string(i), actual.gradients[i], expected.gradients[i]);
      }
    }
  }
}

}
