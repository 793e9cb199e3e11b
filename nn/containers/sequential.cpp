#include "nn/containers/sequential.h"

#include "ops/layout.h"

namespace gradus::inline GRADUS_PRECISION {

Tensor Sequential::operator()(Tensor x) {
  const ModulePath here(path());
  for (const auto& step : steps_) x = step(x);
  return x;
}

Flatten::Flatten(Module* parent, std::string name, int first, int last)
    : Module(parent, std::move(name)), first(first), last(last) {}

Tensor Flatten::operator()(Tensor x) const {
  const ModulePath here(path());
  const int begin = x.shape().index(first, "flatten"), end = x.shape().index(last, "flatten");
  if (begin > end) fail("flatten: axes {} to {} of {}; need the first one in front", first, last, x.shape());
  std::vector<int> dims(x.shape().begin(), x.shape().begin() + begin + 1);
  for (int axis = begin + 1; axis <= end; ++axis) dims.back() *= x.dim(axis);
  dims.insert(dims.end(), x.shape().begin() + end + 1, x.shape().end());
  return reshape(x, dims);
}

}
