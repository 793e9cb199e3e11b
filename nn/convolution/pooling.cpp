#include "nn/convolution/pooling.h"

#include "ops/convolution/pooling.h"

namespace gradus::inline GRADUS_PRECISION {

template <class Size>
MaxPool<Size>::MaxPool(Module* parent, std::string name, Size kernel, std::optional<Size> stride, Size padding,
                       Size dilation, bool ceil_mode)
    : Module(parent, std::move(name)),
      kernel(kernel),
      stride(stride.value_or(kernel)),
      padding(padding),
      dilation(dilation),
      ceil_mode(ceil_mode) {}

template <>
Tensor MaxPool2d::operator()(Tensor x) const {
  const ModulePath here(path());
  return max_pool2d(x, kernel, stride, padding, dilation, ceil_mode);
}

template <>
Tensor MaxPool1d::operator()(Tensor x) const {
  const ModulePath here(path());
  return max_pool1d(x, kernel, stride, padding, dilation, ceil_mode);
}

template <class Size>
AvgPool<Size>::AvgPool(Module* parent, std::string name, Size kernel, std::optional<Size> stride, Size padding,
                       bool ceil_mode, bool count_include_pad)
    : Module(parent, std::move(name)),
      kernel(kernel),
      stride(stride.value_or(kernel)),
      padding(padding),
      ceil_mode(ceil_mode),
      count_include_pad(count_include_pad) {}

template <>
Tensor AvgPool2d::operator()(Tensor x) const {
  const ModulePath here(path());
  return avg_pool2d(x, kernel, stride, padding, ceil_mode, count_include_pad);
}

template <>
Tensor AvgPool1d::operator()(Tensor x) const {
  const ModulePath here(path());
  return avg_pool1d(x, kernel, stride, padding, ceil_mode, count_include_pad);
}

template struct MaxPool<Pair>;
template struct MaxPool<int>;
template struct AvgPool<Pair>;
template struct AvgPool<int>;

}
