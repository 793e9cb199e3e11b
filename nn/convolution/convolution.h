#pragma once

#include <optional>

#include "nn/module.h"
#include "ops/arrange/extend.h"
#include "ops/convolution/patches.h"

namespace gradus::inline GRADUS_PRECISION {

/// What a convolution has besides its sizes (`conv2d` in ops/convolution/convolution.h).
struct ConvolutionOptions {
  Pair stride = 1;                    ///< of Conv1d the widths count
  Padding padding = 0;                ///< around a plane, of Conv1d the widths
  std::optional<Border> border = {};  ///< what stands in the padding instead of zeros (`pad` in ops/arrange/extend.h)
  Pair dilation = 1;                  ///< between the numbers under a kernel, of Conv1d the widths
  int groups = 1;                     ///< in and out must be multiples of it
  bool bias = true;                   ///< whether there is one
};

/// y = b + w ⋆ x.   x: (N, in, H, W) -> (N, out, H', W')
struct Conv2d : Module {
  Conv2d(Module* parent, std::string name, int in, int out, Pair kernel, const ConvolutionOptions& options = {});
  Tensor operator()(Tensor x);

  ConvolutionOptions options;     ///< those of the constructor
  Parameter weight;               ///< (out, in / groups, KH, KW)
  std::optional<Parameter> bias;  ///< (out)
};

/// A convolution along one axis.   x: (N, in, L) -> (N, out, L')
struct Conv1d : Module {
  Conv1d(Module* parent, std::string name, int in, int out, int kernel, const ConvolutionOptions& options = {});
  Tensor operator()(Tensor x);

  ConvolutionOptions options;     ///< those of the constructor
  Parameter weight;               ///< (out, in / groups, K)
  std::optional<Parameter> bias;  ///< (out)
};

}
