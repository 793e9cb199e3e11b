#pragma once

#include <string>

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// How much of a tape is written.
struct TraceOptions {
  std::size_t values = 4;  ///< tensors of at most so many numbers show them
  bool fold = true;        ///< of equal stretches behind each other, such as time steps, only the first is shown
};

/// All that is on a tape, for people to read: a line for each op of the forward pass, then one for each gradient that
/// the closures pass back, in the order in which they run.
///
///     forward
///       %0 variable (2) = 1 -2
///       %1 tanh (2) <- %0 = 0.7616 -0.964       y = tanh(x)
///     backward
///       d%0 += d%1 ∘ (1 - %1²)                  = 0.42 0.07066
///
/// A heading names the module. Where several gradients add up, each line says which of them it is, `1 of 2`, and the
/// last one shows the sum. Before `Tape::backward` the backward part has no numbers. Formulas are those of formulas.h.
std::string trace(const Tape& tape, const TraceOptions& options = {});

}
