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

  Size kernel, stride, padding, dilation;
  bool ceil_mode;
};
using MaxPool2d = MaxPool<Pair>;
using MaxPool1d = MaxPool<int>;

/// The mean of each patch.
template <class Size>
struct AvgPool : Module {
  AvgPool(Module* parent, std::string name, Size kernel, std::optional<Size> stride = {}, Size padding = 0,
          bool ceil_mode = false, bool count_include_pad = true);
  Tensor operator()(Tensor x) const;

  Size kernel, stride, padding;
  bool ceil_mode, count_include_pad;
};
using AvgPool2d = AvgPool<Pair>;
using AvgPool1d = AvgPool<int>;

}
