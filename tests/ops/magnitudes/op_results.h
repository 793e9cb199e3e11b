#pragma once

#include <cstddef>
#include <vector>

/// What an op gives, in float and in double, for the same inputs: `op_cases.cpp` is compiled once for each, and both
/// are linked into `test_magnitudes`. Nothing here depends on the precision.

/// How large the numbers of an input are: of both signs or positive, their magnitude between two bounds, evenly in its
/// logarithm.
struct Magnitudes {
  double least = 1e-30, most = 1e30;
  bool positive = false;
  bool alike = false;      ///< all numbers of a draw are of one magnitude
  bool one_scale = false;  ///< errors are relative to 1, or in gradients to the largest of the cotangent
};

/// An op with inputs of certain shapes.
struct OpDescription {
  const char* name;
  std::vector<std::size_t> sizes;  // how many numbers each input has
  std::size_t output_size;
  Magnitudes magnitudes;
  bool has_gradient;
};

struct OpResult {
  std::vector<double> value;
  std::vector<std::vector<double>> gradients;  // of each input, for the cotangent given

  /// All numbers behind each other.
  std::vector<double> flat() const {
    std::vector<double> all = value;
    for (const auto& gradient : gradients) all.insert(all.end(), gradient.begin(), gradient.end());
    return all;
  }
};

namespace gradus {
#ifdef GRADUS_PRECISION  // in op_cases.cpp, which defines them for one precision
inline namespace GRADUS_PRECISION {
std::vector<OpDescription> op_descriptions();
OpResult op_result(std::size_t op, const std::vector<std::vector<double>>& inputs,
                   const std::vector<double>& cotangent);
}
#else
namespace f32 {
std::vector<OpDescription> op_descriptions();
OpResult op_result(std::size_t op, const std::vector<std::vector<double>>& inputs,
                   const std::vector<double>& cotangent);
}
namespace f64 {
OpResult op_result(std::size_t op, const std::vector<std::vector<double>>& inputs,
                   const std::vector<double>& cotangent);
}
#endif
}
