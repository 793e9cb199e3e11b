#pragma once

#include <string>
#include <vector>

#include "autograd/tape.h"

/// What people are told that the tensors of an op are: by the names of its formula (formulas.h), if it has one.

namespace gradus::inline GRADUS_PRECISION {

/// Names for all inputs of the op that made a node, "x" "W" "b" or "base" "x₁" "W₁" "x₂" "W₂"; none without a formula.
std::vector<std::string> input_names(const Node& node);
/// `b`, or `input 1` without a formula.
std::string input_name(const Node& node, std::size_t i);
/// `y`, or `output 0`.
std::string output_name(const char* op, std::size_t i);
/// `b (2, 3), the parameter decoder.weight`, `b (2, 3), a constant`, `b (2, 3), made by tanh`.
std::string input_text(const Node& node, std::size_t i);

}
