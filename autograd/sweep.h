#pragma once

#include "autograd/tape.h"

namespace gradus::inline GRADUS_PRECISION {

/// `Tape::backward` without its last step, for a training step: the parameters' shares stay on the tape until `gather`
/// (gather.h) adds them up. Of all other gradients only those of variables are there afterwards: the others' memory has
/// served for one after the other, unless `kept_grad` kept it.
void sweep(Tape& tape, Tensor loss);
/// The gradients of sum(cotangent * output), for an output of any shape and as many numbers in `cotangent`.
void sweep(Tape& tape, Tensor output, List<Real> cotangent);

}
