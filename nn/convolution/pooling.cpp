#include "nn/convolution/pooling.h"

#include "ops/convolution/pooling.h"

namespace gradus::inline GRADUS_PRECISION {

MaxPool2d::MaxPool2d(Module* parent, std::string name, Pair kernel, std::optional<Pair> stride, Pair padding,
                     Pair dilation)
    : Module(parent, std::move(name)),
      kernel(kernel),
      stride(stride.value_or(kernel)),
      padding(padding),
      dilation(dilation) {}

Tensor MaxPool2d::operator()(Tensor x) const {
  const ModulePath here(path());
  return max_pool2d(x, kernel, stride, padding, dilation);
}

AvgPool2d::AvgPool2d(Module* parent, std::string name, Pair kernel, std::optional<Pair> stride, Pair padding,
                     bool count_include_pad)
    : Module(parent, std::move(name)),
      kernel(kernel),
      stride(stride.value_or(kernel)),
      padding(padding),
      count_include_pad(count_include_pad) {}

Tensor AvgPool2d::operator()(Tensor x) const {
  const ModulePath here(path());
  return avg_pool2d(x, kernel, stride, padding, count_include_pad);
}

MaxPool1d::MaxPool1d(Module* parent, std::string name, int kernel, std::optional<int> stride, int padding, int dilation)
    : Module(parent, std::move(name)),
      kernel(kernel),
      stride(stride.value_or(kernel)),
      padding(padding),
      dilation(dilation) {}

Tensor MaxPool1d::operator()(Tensor x) const {
  const ModulePath here(path());
  return max_pool1d(x, kernel, stride, padding, dilation);
}

AvgPool1d::AvgPool1d(Module* parent, std::string name, int kernel, std::optional<int> stride, int padding,
                     bool count_include_pad)
    : Module(parent, std::move(name)),
      kernel(kernel),
      stride(stride.value_or(kernel)),
      padding(padding),
      count_include_pad(count_include_pad) {}

Tensor AvgPool1d::operator()(Tensor x) const {
  const ModulePath here(path());
  return avg_pool1d(x, kernel, stride, padding, count_include_pad);
}

}
