#include "nn/convolution/convolution.h"

#include "ops/convolution/convolution.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// The channels that a kernel sees. Throws if the groups do not divide the channels.
int channels_of_group(int in, int out, int groups, const char* path) {
  if (groups >= 1 && in % groups == 0 && out % groups == 0) return in / groups;
  fail("convolution: {} and {} channels in {} groups in {}; need multiples of the groups", in, out, groups, path);
}

}

// U(±1/√(in / groups · kernel)), as of a linear layer with a patch as its input.

Conv2d::Conv2d(Module* parent, std::string name, int in, int out, Pair kernel, const ConvolutionOptions& options)
    : Module(parent, std::move(name)),
      options(options),
      weight{this,
             "weight",
             {out, channels_of_group(in, out, options.groups, path()), kernel.height, kernel.width},
             init::inverse_sqrt(in / options.groups * kernel.height * kernel.width)} {
  if (options.bias) {
    bias.emplace(this, "bias", Shape{out}, init::inverse_sqrt(in / options.groups * kernel.height * kernel.width));
  }
}

Tensor Conv2d::operator()(Tensor x) {
  const ModulePath here(path());
  const auto& [stride, padding, border, dilation, groups, with_bias] = options;
  if (!border) return conv2d(x, weight, tensor_if_any(bias), stride, padding, dilation, groups);
  const Pair kernel(weight.shape()[2], weight.shape()[3]), front = padding.front(kernel, dilation),
                                                           behind = padding.behind(kernel, dilation);
  const Tensor padded = pad(x, {front.width, behind.width, front.height, behind.height}, *border);
  return conv2d(padded, weight, tensor_if_any(bias), stride, Padding::Valid, dilation, groups);
}

Conv1d::Conv1d(Module* parent, std::string name, int in, int out, int kernel, const ConvolutionOptions& options)
    : Module(parent, std::move(name)),
      options(options),
      weight{this,
             "weight",
             {out, channels_of_group(in, out, options.groups, path()), kernel},
             init::inverse_sqrt(in / options.groups * kernel)} {
  if (options.bias) bias.emplace(this, "bias", Shape{out}, init::inverse_sqrt(in / options.groups * kernel));
}

Tensor Conv1d::operator()(Tensor x) {
  const ModulePath here(path());
  const auto& [stride, padding, border, dilation, groups, with_bias] = options;
  if (!border) return conv1d(x, weight, tensor_if_any(bias), stride.width, padding, dilation.width, groups);
  const Pair kernel(1, weight.shape()[2]), front = padding.front(kernel, dilation),
                                           behind = padding.behind(kernel, dilation);
  const Tensor padded = pad(x, {front.width, behind.width}, *border);
  return conv1d(padded, weight, tensor_if_any(bias), stride.width, Padding::Valid, dilation.width, groups);
}

}
