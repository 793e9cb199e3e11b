#pragma once

#include "autograd/tape.h"

/// The part of the checking mode (check.h) that looks for the first NaN or infinity.

namespace gradus::inline GRADUS_PRECISION {

/// Throws for an output with a NaN, or with an infinity that comes from no constant.
void require_finite_outputs(const char* op, std::span<const Tensor> outputs);
/// Throws if a gradient of an input is not finite, once the closure has run.
void require_finite_gradients(const char* op, std::span<const Tensor> outputs);
/// Throws if the gradient of a parameter is not finite in rows [row_begin, row_end), once all is added up.
void require_finite_gradient(const Leaf& leaf, int row_begin, int row_end);

/// For the file of an op that makes infinities of finite numbers on purpose, as a masked log_softmax does:
///
///     const bool known = may_be_infinite("log_of_mask");
///
/// Returns true. `op` is a literal.
bool may_be_infinite(const char* op);

}
