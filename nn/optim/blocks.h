#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "nn/module.h"

/// Parameters cut into blocks, the pieces of work on all of their numbers: what threads take one after the other, and
/// what the ranks of a training share out.

namespace gradus::inline GRADUS_PRECISION {

/// How many numbers a block has, but for the last one of a parameter: few enough for a second-level cache to hold them
/// with their gradients and an optimiser's state.
inline constexpr std::size_t kBlockSize = std::size_t{1} << 14;

/// Part of a parameter.
struct ParameterBlock {
  Parameter* parameter;     ///< whose numbers they are
  std::size_t begin, size;  ///< the first of them, and how many
};

/// All blocks of the parameters, in their order.
std::vector<ParameterBlock> cut_blocks(std::span<Parameter* const> parameters);

/// The root of the sum of squares of all parameters that are not frozen, from those of their blocks. `each`, empty or
/// one number a parameter, gets the root of each by itself; 0 if it is frozen.
double norm_of_blocks(std::span<Parameter* const> parameters, std::span<const double> squares, std::span<double> each);

}
