#pragma once

#include <functional>
#include <vector>

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// Records a step on the active tape and returns its loss. It computes the same each time.
using LossFunction = std::function<Tensor()>;

/// A number whose slope is wanted: how fast the loss changes with it.
struct SlopeQuery {
  std::size_t node = 0;   ///< of a tensor of the tape: how many nodes the function made before it
  Leaf* leaf = nullptr;   ///< or of a parameter
  std::size_t index = 0;  ///< which of its numbers
  double gradient = 0;    ///< what the backward pass says
  double largest = 0;     ///< the size of the largest gradient beside it: what a 0 must differ from to be believed
  double scale = 1;       ///< how large such numbers are; a step is a small part of that
};

/// What a slope says of a gradient.
enum class Verdict {
  Agrees,    ///< a gradient of 0, or of twice the size, would have been seen to be wrong
  Differs,   ///< the gradient is wrong, or the loss has a kink nearby
  TooSmall,  ///< a wrong gradient might have passed: the slope is hardly more than what rounding makes
};

/// (plus - minus) / (2 step), where `plus` and `minus` are the loss with the number `step` larger and `step` smaller
/// and with all that depends on it computed anew.
struct FiniteDifference {
  SlopeQuery query;          ///< what was measured
  double step, plus, minus;  ///< as above
  double rounding;           ///< how far off the slope may be only because a loss has so few digits
  double slope() const { return (plus - minus) / (2 * step); }  ///< the difference quotient
  Verdict verdict() const;                                      ///< on `query.gradient`
};

/// Measures as many of the slopes as `seconds` allow, in their order; one that differs from its gradient once more,
/// with a smaller step, for the loss may bend over the first. `expected` is the loss of the step as it is, and `seed`
/// that of its tape. Throws if the function computes another loss when it is called again.
std::vector<FiniteDifference> finite_differences(const LossFunction& loss, std::uint64_t seed, double expected,
                                                 List<SlopeQuery> queries, double seconds);

}
