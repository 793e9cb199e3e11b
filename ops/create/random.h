#pragma once

#include "autograd/tape.h"

/// Random constants and draws. The numbers come from the tape, as those of dropout: a tape of the same seed gives the
/// same ones, on every machine.

namespace gradus::inline GRADUS_PRECISION {

/// Numbers in [0, 1), all equally likely, with 24 random bits.
Tensor rand(const Shape& shape);
/// Numbers from the normal distribution of mean 0 and variance 1.
Tensor randn(const Shape& shape);

/// A choice for each row of the last axis, drawn with the probabilities softmax(logits). Divide the logits by a
/// temperature to draw more boldly, or less so; logits of -inf are never drawn. Not differentiable. Throws for a row
/// that has no finite number, or a NaN.   (…, n) -> one index a row
std::vector<int> categorical(Tensor logits);

namespace detail {

/// Which of the numbers 0, …, count - 1 a random number from [0, 1) stands for, each as often as its probability says.
int draw(const Real* probabilities, int count, Real random);

}

}
