#include "nn/convolution/pooling.h"

#include "ops/convolution/pooling.h"

namespace gradus::inline GRADUS_PRECISION {

MaxPool2d::MaxPool2d(Module* parent, std::string name, Pair kernel, std::optional<Pair> stride, Pair padding,
                     Pair dilation, bool ceil_mode)
    : Module(parent, std::move(name)),
      kernel(kernel),
      stride(stride.value_or(kernel)),
      padding(padding),
      dilation(dilation),
      ceil_mode(ceil_mode) {}

Tensor MaxPool2d::operator()(Tensor x) const {
  const ModulePath here(path());
  return max_pool2d(x, kernel, stride, padding, dilation, ceil_mode);
}

AvgPool2d::AvgPool2d(Module* parent, std::string name, Pair kernel, std::optional<Pair> stride, Pair padding,
                     bool ceil_mode, bool count_include_pad)
    : Module(parent, std::move(name)),
      kernel(kernel),
      stride(stride.value_or(kernel)),
      padding(padding),
      ceil_mode(ceil_mode),
      count_include_pad(count_include_pad) {}

Tensor AvgPool2d::operator()(Tensor x) const {
  const ModulePath here(path());
  return avg_pool2d(x, kernel, stride, padding, ceil_mode, count_include_pad);
}

MaxPool1d::MaxPool1d(Module* parent, std::string name, int kernel, std::optional<int> stride, int padding, int dilation,
                     bool ceil_mode)
    : Module(parent, std::move(name)),
      kernel(kernel),
      stride(stride.value_or(kernel)),
      padding(padding),
      dilation(dilation),
      ceil_mode(ceil_mode) {}

Tensor MaxPool1d::operator()(Tensor x) const {
  const ModulePath here(path());
  return max_pool1d(x, kernel, stride, padding, dilation, ceil_mode);
}

AvgPool1d::AvgPool1d(Module* parent, std::string name, int kernel, std::optional<int> stride, int padding,
                     bool ceil_mode, bool count_include_pad)
    : Module(parent, std::move(name)),
      kernel(kernel),
      stride(stride.value_or(kernel)),
      padding(padding),
      ceil_mode(ceil_mode),
      count_include_pad(count_include_pad) {}

Tensor AvgPool1d::operator()(Tensor x) const {
  const ModulePath here(path());
  return avg_pool1d(x, kernel, stride, padding, ceil_mode, count_include_pad);
}

}
