#pragma once

#include <optional>

#include "nn/module.h"
#include "ops/convolution/patches.h"

/// Pooling as modules, to go into a Sequential (ops/convolution/pooling.h). A Size is a Pair for pictures, a number for
/// sequences.   x: (…, H, W) -> (…, H', W'), or (…, L) -> (…, L')

namespace gradus::inline GRADUS_PRECISION {

/// The largest number of each patch.
template <class Size>
struct MaxPool : Module {
  MaxPool(Module* parent, std::string name, Size kernel, std::optional<Size> stride = {}, Size padding = 0,
          Size dilation = 1, bool ceil_mode = false);
  Tensor operator()(Tensor x) const;

  Size kernel, stride, padding, dilation;  ///< those of the constructor
  bool ceil_mode;                          ///< whether what is left at the end counts
};
using MaxPool2d = MaxPool<Pair>;  ///< of pictures
using MaxPool1d = MaxPool<int>;   ///< of sequences

/// The mean of each patch.
template <class Size>
struct AvgPool : Module {
  AvgPool(Module* parent, std::string name, Size kernel, std::optional<Size> stride = {}, Size padding = 0,
          bool ceil_mode = false, bool count_include_pad = true);
  Tensor operator()(Tensor x) const;

  Size kernel, stride, padding;       ///< those of the constructor
  bool ceil_mode, count_include_pad;  ///< what is left at the end, and padding: whether they count
};
using AvgPool2d = AvgPool<Pair>;  ///< of pictures
using AvgPool1d = AvgPool<int>;   ///< of sequences

}
