#pragma once

#include "autograd/tape.h"

/// Ops that make a tensor larger, by repeating its numbers or by putting others around them.

namespace gradus::inline GRADUS_PRECISION {

/// x stretched to other lengths by the broadcasting rule; -1 leaves an axis as long as it is. The gradient is the sum
/// over the places that a number was stretched to. (Ops of two tensors stretch by themselves.)   (3, 1) -> (2, 3, 4)
Tensor expand(Tensor x, List<int> dims);

/// x several times behind itself, counts[i] times along axis i. More counts than axes make new axes in front; fewer are
/// an error.   (2, 3), {2, 1} -> (4, 3)
Tensor repeat(Tensor x, List<int> counts);
/// x several times behind itself, as `repeat` has it, but fewer counts than axes are those of the last axes (NumPy's
/// tile).   (2, 3), {2} -> (2, 6)
Tensor tile(Tensor x, List<int> counts);

/// x with numbers in front of it and behind it: {front, behind} of the last axis, then of the one before it, and so on,
/// as of PyTorch's pad. A negative amount takes numbers away.   (2, 3), {1, 1} -> (2, 5)
Tensor pad(Tensor x, List<int> amounts, Real value = 0);

/// How a border goes on from the numbers of x, an axis by itself. Two in front of a b c and two behind it:
enum class Border {
  Reflect,    ///< c b|a b c|b a, at most n - 1 on each side
  Replicate,  ///< a a|a b c|c c
  Circular,   ///< b c|a b c|a b, at most n on each side
};
/// x with a border of its own numbers, whose gradient goes to where they come from. The border goes on from what a
/// negative amount leaves.
Tensor pad(Tensor x, List<int> amounts, Border border);

}
