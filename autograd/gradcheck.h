#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "autograd/tape.h"

/// Compares the gradients that `backward` computes with central differences of the forward, number by number. One line
/// for any function of tensors, in the test of whoever wrote it:
///
///     gradcheck("matmul", {{2, 3}, {3, 4}}, matmul);
///     gradcheck("log", {CheckInput::between({2, 3}, 0.5, 2)}, [](Tensor x) { return log(x); });
///     gradcheck("layer", {{2, 5}}, [&](Tensor x) { return layer(x); }, layer.parameters());
///
/// Use the double build. In the float build the tolerance is loose, and only a gross mistake is seen.

namespace gradus::inline GRADUS_PRECISION {

/// An argument of the checked function: its shape, and which numbers it is filled with.
struct CheckInput {
  /// Numbers of both signs, all different and at least 0.25 away from 0, where functions such as relu have a kink.
  CheckInput(std::initializer_list<int> dims) : shape(dims) {}
  CheckInput(const Shape& of) : shape(of) {}
  /// Numbers spread over (low, high), for functions that are not defined or not smooth everywhere.
  static CheckInput between(const Shape& shape, Real low, Real high);
  /// These numbers.
  static CheckInput of(const Shape& shape, std::vector<Real> values);

  Shape shape;               ///< of the argument
  std::vector<Real> values;  ///< row by row; if empty, they are made by the rules above
  Real low = 0, high = 0;    ///< the limits of `between`; both 0 without
};

/// `floor`: a smaller gradient counts as this large, since central differences of step `step` have no more digits.
struct GradcheckOptions {
#ifdef GRADUS_DOUBLE
  double tolerance = 1e-6, floor = 1e-2, step = 1e-5;  ///< relative; absolute; absolute
#else
  double tolerance = 2e-2, floor = 0.5, step = 5e-3;  ///< relative; absolute; absolute
#endif
  std::uint64_t seed =
      1;  ///< of the inputs, of the cotangents, and of every tape, so that dropout is the same each time
};

/// What was found at the number with the largest error.
struct GradcheckResult {
  std::string where;                 ///< "input 1 at (0, 2)"
  double analytic = 0, numeric = 0;  ///< by the closures, and by differences
  double error = 0;                  ///< |analytic - numeric| / max(floor, |analytic|, |numeric|)
  std::size_t checked = 0;           ///< how many numbers were varied
};

/// A function from tensors to one tensor or several.
class CheckedFunction {
 public:
  template <class F>
  CheckedFunction(F f)
      : call_([f](std::span<const Tensor> x) { return call(f, x, std::make_index_sequence<arity<F>()>()); }),
        arity_(arity<F>()) {}

  std::vector<Tensor> operator()(std::span<const Tensor> inputs) const { return call_(inputs); }
  std::size_t arity() const { return arity_; }  ///< how many tensors it takes

 private:
  template <std::size_t>
  using Argument = Tensor;
  template <class F, std::size_t... I>
  static constexpr bool takes(std::index_sequence<I...>) {
    return std::invocable<const F&, Argument<I>...>;
  }
  template <class F, std::size_t count = 0>
  static constexpr std::size_t arity() {
    static_assert(count <= 8, "the checked function must take up to eight tensors");
    if constexpr (takes<F>(std::make_index_sequence<count>())) {
      return count;
    } else {
      return arity<F, count + 1>();
    }
  }
  template <class F, std::size_t... I>
  static std::vector<Tensor> call(const F& f, [[maybe_unused]] std::span<const Tensor> x, std::index_sequence<I...>) {
    const auto result = f(x[I]...);
    if constexpr (std::is_convertible_v<decltype(result), Tensor>) {
      return {result};
    } else {
      return {result.begin(), result.end()};
    }
  }

  std::function<std::vector<Tensor>(std::span<const Tensor>)> call_;
  std::size_t arity_;
};

/// The parameters to check: what `Module::parameters()` returns, or a list of pointers to leaves.
struct CheckedLeaves : std::vector<Leaf*> {
  using vector::vector;
  template <std::derived_from<Leaf> L>
  CheckedLeaves(const std::vector<L*>& leaves) : vector(leaves.begin(), leaves.end()) {}
};

/// Checks the gradients of all inputs and of all `leaves` (with the values they have, which stay). The outputs are
/// multiplied by random cotangents, all different, so that an error that a plain sum would cancel is seen. Checked
/// besides: that values are the same to the bit on an inference tape, and that gradients stay the same when any one
/// input or leaf needs none, and in a `sweep`, which reuses the memory of gradients.
///
/// Throws an `Error` that names the worst number with both gradients (of Σ cotangents · outputs, not of one output) if
/// the error there is above the tolerance.
/// The leaves' own gradients are zero afterwards.
GradcheckResult gradcheck(const std::string& name, const std::vector<CheckInput>& inputs, const CheckedFunction& f,
                          const CheckedLeaves& leaves = {}, const GradcheckOptions& options = {});

/// How errors name the place of a number, `flat` numbers behind the first one: `(0, 2)`.
std::string position(const Shape& shape, std::size_t flat);

/// The names of all ops that were recorded inside a gradcheck that passed. Thread-safe.
std::set<std::string> gradchecked_ops();

}
