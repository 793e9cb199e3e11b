#pragma once

#include <unordered_map>
#include <vector>

#include "autograd/gather.h"
#include "autograd/inspect/pages/pictures.h"
#include "autograd/tape.h"

/// What a backward pass did, seen while it runs.
///
/// It cannot be found out afterwards: a closure runs once, some closures work in the memory of a gradient that has
/// served, and a gradient tells nothing of the summands that it is the sum of. So after every closure each of its
/// inputs' gradients is compared with what it was before.

namespace gradus::inline GRADUS_PRECISION {

/// One use of a parameter in a product, which is noted and added at the end of the step (gather.h).
struct NotedUse {
  Picture left, right;     ///< the factors: dW += leftᵀ right, in `cols` columns of it, or dW[index[i]] += left[i]
  std::vector<int> index;  ///< the first of them
  int count = 0;           ///< rows of both
  int cols = 0;            ///< columns of `right`
  Picture product;         ///< what the use adds, for a parameter of few numbers
};

/// What a closure passed to one of the inputs of its op.
struct Passed {
  const Node* to;
  int uses;                     ///< how often it is among the inputs
  Picture part;                 ///< what was added to its gradient
  Picture sum;                  ///< its gradient from then on; for a parameter, without what is noted
  std::vector<NotedUse> noted;  ///< for a parameter
};

struct ClosureRun {
  const Node* node;  ///< the last output of the op
  std::vector<Passed> passed;
};

/// The final gradient of a parameter.
struct GatheredGradient {
  const Node* node;
  Picture before;  ///< what the leaf held already; none if that was 0
  Picture after;
};

/// One number of the final gradient of a tensor.
struct GradientSample {
  const Node* node;
  std::size_t index;
  double gradient;
};

struct BackwardRecording {
  std::vector<ClosureRun> runs;
  std::vector<GatheredGradient> parameters;
  /// What each node's gradient was when the closure of its op ran: no later closure adds to it.
  std::unordered_map<const Node*, Picture> gradients;
  /// Of each gradient the numbers farthest from 0, the farthest first.
  std::vector<GradientSample> samples;
};

/// Runs backward from the loss, takes pictures of all that happens, and keeps up to `samples` numbers of each gradient.
BackwardRecording record_backward(Tensor loss, Pictures& pictures, std::size_t samples);

/// What is left to be seen of a backward pass that has run already: gradients that no closure has worked in, and, of an
/// input that has one use only, what came from there.
BackwardRecording recording_after_backward(const Tape& tape, Pictures& pictures);

}
