#pragma once

#include <fmt/core.h>

#include <cmath>
#include <string_view>

#include "autograd/tensor.h"

/// Prints a name, a shape and the numbers, one row of the tensor a line.
inline void show(std::string_view name, const gradus::ConstArray& array) {
  fmt::print("{:<10} {:<7}", name, gradus::to_string(array.shape));
  for (int row = 0; row < array.rows(); ++row) {
    if (row > 0) fmt::print("\n{:18}", "");
    for (int col = 0; col < array.cols(); ++col) {
      const double number = array[row * array.cols() + col];
      fmt::print(" {:7.3f}", std::round(number * 1000) / 1000 + 0.0);  // + 0 turns -0 into 0
    }
  }
  fmt::print("\n");
}
