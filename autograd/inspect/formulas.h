#pragma once

#include <string_view>

#include "autograd/real.h"

/// What ops compute, and how gradients flow back through them, in the words of people: for a trace (trace.h) and for
/// whatever else explains a tape.

namespace gradus::inline GRADUS_PRECISION {

/// An op in formulas that speak of its tensors by name. A gradient is a `d` before the name of what it is the gradient
/// of, and ∘ multiplies number by number.
struct OpFormula {
  const char* op;  ///< the name that it is recorded by
  /// Their names in order, "a b". The last ones may lack, another one if it has a "?". Those with an ellipsis, at the
  /// end, are there any number of times: "base? x… W…" is base, x₁, W₁, x₂, W₂. Names with W are of matrices of as many
  /// rows each.
  const char* inputs;
  const char* outputs;   ///< "c"
  const char* forward;   ///< "c = a b"
  const char* backward;  ///< "da += dc bᵀ; db += aᵀ dc"; a line about an input that the op was not given is left out
  /// Each number of the output comes of one number of each input, so that a derivative is a number beside each of them.
  bool elementwise = false;
};

/// The formulas of an op of this name, or null.
const OpFormula* find_formula(std::string_view op);

/// Brings the formulas of an op of one's own, in the file of the op:
///
///     const bool known = add_formula({"swish", "x", "y", "y = x σ(x)", "dx += dy ∘ (σ(x) + y (1 - σ(x)))"});
///
/// The texts are literals. Formulas that an op of this name had before are forgotten. Returns true.
bool add_formula(const OpFormula& formula);

}
