#include <algorithm>

#include "nn/convolution/batch_norm.h"
#include "nn/convolution/convolution.h"
#include "nn/convolution/pooling.h"
#include "nn/layers.h"
#include "ops/layout.h"
#include "tests/golden/samples/module_words.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

using Outputs = std::vector<Tensor>;

Pair pair(Call& make, const char* name, int otherwise) {
  const std::vector<int> numbers = make.integers(-1, name);
  if (numbers.empty()) return otherwise;
  return {numbers.front(), numbers.back()};
}

BuiltModule linear(Call& make) {
  auto module = std::make_unique<Linear>(nullptr, "", make.integer(-1, "in_features"), make.integer(-1, "out_features"),
                                         make.flag(-1, "bias", true));
  return built(std::move(module),
               [](Linear& module, Call& call) -> Outputs { return {module(call.tensor(0, "input"))}; });
}

BuiltModule embedding(Call& make) {
  std::optional<int> padding;
  if (make.has(-1, "padding_idx")) padding = make.integer(-1, "padding_idx");
  auto module = std::make_unique<Embedding>(nullptr, "", make.integer(-1, "num_embeddings"),
                                            make.integer(-1, "embedding_dim"), padding);
  return built(std::move(module), [](Embedding& module, Call& call) -> Outputs {
    const Shape& ids = call.tensor(0).shape();
    std::vector<int> dims(ids.begin(), ids.end());
    dims.push_back(module.weight.shape()[1]);
    return {reshape(module(call.indices(0, "input")), dims)};
  });
}

BuiltModule layer_norm(Call& make) {
  const std::vector<int> shape = make.integers(-1, "normalized_shape");
  auto module = std::make_unique<LayerNorm>(nullptr, "", shape, make.number(-1, "eps", 1e-5),
                                            make.flag(-1, "elementwise_affine", true));
  return built(std::move(module), [](LayerNorm& module, Call& call) -> Outputs { return {module(call.tensor(0))}; });
}

template <class Norm>
BuiltModule batch_norm(Call& make) {
  if (make.is_null("momentum")) throw Unexpressed{"running statistics that are means of all batches"};
  const BatchNormOptions options{.epsilon = make.number(-1, "eps", 1e-5),
                                 .momentum = make.number(-1, "momentum", 0.1),
                                 .affine = make.flag(-1, "affine", true),
                                 .track_running_stats = make.flag(-1, "track_running_stats", true)};
  auto module = std::make_unique<Norm>(nullptr, "", make.integer(-1, "num_features"), options);
  return built(std::move(module), [](Norm& module, Call& call) -> Outputs { return {module(call.tensor(0))}; });
}

ConvolutionOptions convolution_options(Call& make) {
  const std::string mode = make.text(-1, "padding_mode", "zeros");
  ConvolutionOptions options{.stride = pair(make, "stride", 1),
                             .dilation = pair(make, "dilation", 1),
                             .groups = make.integer(-1, "groups", 1),
                             .bias = make.flag(-1, "bias", true)};
  if (make.is_text(-1, "padding")) {
    options.padding = make.text(-1, "padding", "") == "same" ? Padding::Same : Padding::Valid;
  } else {
    options.padding = pair(make, "padding", 0);
  }
  if (mode != "zeros") options.border = border_named(mode);
  return options;
}

template <class Convolution, class Size>
BuiltModule convolution(Call& make, Size kernel) {
  auto module = std::make_unique<Convolution>(nullptr, "", make.integer(-1, "in_channels"),
                                              make.integer(-1, "out_channels"), kernel, convolution_options(make));
  return built(std::move(module), [](Convolution& module, Call& call) -> Outputs { return {module(call.tensor(0))}; });
}

int as_size(Pair pair, int) { return pair.height; }
Pair as_size(Pair pair, Pair) { return pair; }

template <class Size>
BuiltModule max_pool(Call& make) {
  const auto size = [&](const char* name, int otherwise) { return as_size(pair(make, name, otherwise), Size(1)); };
  if (make.flag(-1, "return_indices", false)) throw Unexpressed{"return_indices"};
  std::optional<Size> stride;
  if (make.has(-1, "stride")) stride = size("stride", 1);
  auto module = std::make_unique<MaxPool<Size>>(nullptr, "", size("kernel_size", 1), stride, size("padding", 0),
                                                size("dilation", 1), make.flag(-1, "ceil_mode", false));
  return built(std::move(module),
               [](MaxPool<Size>& module, Call& call) -> Outputs { return {module(call.tensor(0))}; });
}

template <class Size>
BuiltModule avg_pool(Call& make) {
  const auto size = [&](const char* name, int otherwise) { return as_size(pair(make, name, otherwise), Size(1)); };
  if (make.has(-1, "divisor_override")) throw Unexpressed{"divisor_override"};
  std::optional<Size> stride;
  if (make.has(-1, "stride")) stride = size("stride", 1);
  auto module =
      std::make_unique<AvgPool<Size>>(nullptr, "", size("kernel_size", 1), stride, size("padding", 0),
                                      make.flag(-1, "ceil_mode", false), make.flag(-1, "count_include_pad", true));
  return built(std::move(module),
               [](AvgPool<Size>& module, Call& call) -> Outputs { return {module(call.tensor(0))}; });
}

}

void add_plain_modules(ModuleWords& words) {
  words["Linear"] = linear;
  words["Embedding"] = embedding;
  words["LayerNorm"] = layer_norm;
  words["BatchNorm1d"] = batch_norm<BatchNorm1d>;
  words["BatchNorm2d"] = batch_norm<BatchNorm2d>;
  words["Conv1d"] = [](Call& make) { return convolution<Conv1d>(make, pair(make, "kernel_size", 1).height); };
  words["Conv2d"] = [](Call& make) { return convolution<Conv2d>(make, pair(make, "kernel_size", 1)); };
  words["MaxPool1d"] = max_pool<int>;
  words["MaxPool2d"] = max_pool<Pair>;
  words["AvgPool1d"] = avg_pool<int>;
  words["AvgPool2d"] = avg_pool<Pair>;
}

}
