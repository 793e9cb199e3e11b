#pragma once

#include "autograd/tape.h"

/// The part of the checking mode (check.h) that sees values change: it keeps a hash of what ops have read and made, and
/// of the values to which parameters' gradients belong.

namespace gradus::inline GRADUS_PRECISION {

/// Of the op with these outputs: all that its closure may read.
void remember_values(std::span<const Tensor> outputs);
/// Throws if an input or output of the op is not what it was.
void require_same_values(const char* op, std::span<const Tensor> outputs);

/// Throws if rows [row_begin, row_end) of a parameter's gradient hold one that belongs to other values than today's.
void require_gradient_of_value(const Leaf& leaf, int row_begin, int row_end);
/// Today's values are those to which these rows of the gradient belong.
void remember_value_of_gradient(const Leaf& leaf, int row_begin, int row_end);
/// No gradient that is there belongs to known values.
void forget_gradients();

}
