#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "autograd/tensor.h"

namespace gradus::inline GRADUS_PRECISION {
namespace reference {

/// The place in a tensor of shape `from` of the number that is stretched to place `flat` of `to`: one index an axis.
inline std::size_t stretched_from(std::size_t flat, const Shape& to, const Shape& from) {
  std::size_t result = 0, stride = 1;
  for (int axis = -1; axis >= -to.rank(); --axis) {
    const std::size_t index = flat % to[axis];
    flat /= to[axis];
    if (axis < -from.rank()) continue;
    if (from[axis] != 1) result += index * stride;
    stride *= from[axis];
  }
  return result;
}

}
}
