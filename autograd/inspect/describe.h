#pragma once

#include <string>

#include "autograd/tape.h"

/// What errors about the tensors of an op call them: by the names of its formula (formulas.h), if it has one.

namespace gradus::inline GRADUS_PRECISION {

/// `b`, or `input 1` without a formula.
std::string input_name(const char* op, std::size_t i);
/// `y`, or `output 0`.
std::string output_name(const char* op, std::size_t i);
/// `b (2, 3), the parameter decoder.weight`, `b (2, 3), a constant`, `b (2, 3), made by tanh`.
std::string input_text(const char* op, std::size_t i, const Tensor& input);

}
