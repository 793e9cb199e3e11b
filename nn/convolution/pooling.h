#pragma once

#include <optional>

#include "nn/module.h"
#include "ops/convolution/patches.h"

/// Pooling as modules, to go into a Sequential (ops/convolution/pooling.h).   x: (…, H, W) -> (…, H', W'), or (…, L)

namespace gradus::inline GRADUS_PRECISION {

/// The largest number of each patch.
struct MaxPool2d : Module {
  MaxPool2d(Module* parent, std::string name, Pair kernel, std::optional<Pair> stride = {}, Pair padding = 0,
            Pair dilation = 1, bool ceil_mode = false);
  Tensor operator()(Tensor x) const;

  Pair kernel, stride, padding, dilation;
  bool ceil_mode;
};

/// The mean of each patch.
struct AvgPool2d : Module {
  AvgPool2d(Module* parent, std::string name, Pair kernel, std::optional<Pair> stride = {}, Pair padding = 0,
            bool ceil_mode = false, bool count_include_pad = true);
  Tensor operator()(Tensor x) const;

  Pair kernel, stride, padding;
  bool ceil_mode, count_include_pad;
};

/// The largest number of each piece of a sequence.
struct MaxPool1d : Module {
  MaxPool1d(Module* parent, std::string name, int kernel, std::optional<int> stride = {}, int padding = 0,
            int dilation = 1, bool ceil_mode = false);
  Tensor operator()(Tensor x) const;

  int kernel, stride, padding, dilation;
  bool ceil_mode;
};

/// The mean of each piece of a sequence.
struct AvgPool1d : Module {
  AvgPool1d(Module* parent, std::string name, int kernel, std::optional<int> stride = {}, int padding = 0,
            bool ceil_mode = false, bool count_include_pad = true);
  Tensor operator()(Tensor x) const;

  int kernel, stride, padding;
  bool ceil_mode, count_include_pad;
};

}
