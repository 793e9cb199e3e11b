#include <cmath>

#include "ops/compare.h"
#include "ops/convolution/batch_norm.h"
#include "ops/convolution/convolution.h"
#include "ops/convolution/pooling.h"
#include "ops/create/create.h"
#include "ops/elementwise.h"
#include "ops/layout.h"
#include "ops/losses/losses.h"
#include "ops/matmul.h"
#include "ops/norm.h"
#include "ops/sequence/embedding.h"
#include "ops/softmax.h"
#include "tests/golden/samples/sample.h"

namespace gradus::inline GRADUS_PRECISION {

namespace {

/// One or two numbers as a pair.
Pair pair(Call& call, int position, const char* name, int otherwise) {
  const std::vector<int> numbers = call.integers(position, name);
  if (numbers.empty()) return otherwise;
  return {numbers.front(), numbers.back()};
}

int single(Call& call, int position, const char* name, int otherwise) {
  return pair(call, position, name, otherwise).height;
}

Padding padding(Call& call) {
  if (!call.is_text(4, "padding")) return pair(call, 4, "padding", 0);
  return call.text(4, "padding", "") == "same" ? Padding::Same : Padding::Valid;
}

std::vector<Tensor> convolution1d(Call& call) {
  return {conv1d(call.tensor(0), call.tensor(1, "weight"), call.optional_tensor(2, "bias"),
                 single(call, 3, "stride", 1), padding(call), single(call, 5, "dilation", 1),
                 call.integer(6, "groups", 1))};
}

std::vector<Tensor> convolution2d(Call& call) {
  return {conv2d(call.tensor(0), call.tensor(1, "weight"), call.optional_tensor(2, "bias"), pair(call, 3, "stride", 1),
                 padding(call), pair(call, 5, "dilation", 1), call.integer(6, "groups", 1))};
}

std::optional<Pair> stride_of(Call& call) {
  if (call.integers(2, "stride").empty()) return {};
  return pair(call, 2, "stride", 1);
}

std::vector<Tensor> largest(Call& call) {
  const bool ceil = call.flag(5, "ceil_mode", false);
  const bool with_indices = call.flag(6, "return_indices", false);
  const Pair kernel = pair(call, 1, "kernel_size", 1), padding = pair(call, 3, "padding", 0),
             dilation = pair(call, 4, "dilation", 1);
  const std::optional<Pair> stride = stride_of(call);
  const std::optional<int> step = stride ? std::optional(stride->height) : std::nullopt;
  const bool is_2d = call.op() == "nn.functional.max_pool2d";
  const Tensor x = call.tensor(0);
  if (!with_indices) {
    return {is_2d ? max_pool2d(x, kernel, stride, padding, dilation, ceil)
                  : max_pool1d(x, kernel.height, step, padding.height, dilation.height, ceil)};
  }
  const auto [values, indices] =
      is_2d ? max_pool2d_with_indices(x, kernel, stride, padding, dilation, ceil)
            : max_pool1d_with_indices(x, kernel.height, step, padding.height, dilation.height, ceil);
  return {values, constant(values.shape(), std::vector<Real>(indices.begin(), indices.end()))};
}

std::vector<Tensor> means(Call& call) {
  const bool ceil = call.flag(4, "ceil_mode", false);
  std::optional<int> divisor;
  if (call.has(6, "divisor_override")) divisor = call.integer(6, "divisor_override");
  const Pair kernel = pair(call, 1, "kernel_size", 1), padding = pair(call, 3, "padding", 0);
  const bool count_padding = call.flag(5, "count_include_pad", true);
  const std::optional<Pair> stride = stride_of(call);
  if (call.op() == "nn.functional.avg_pool2d") {
    return {avg_pool2d(call.tensor(0), kernel, stride, padding, ceil, count_padding, divisor)};
  }
  return {avg_pool1d(call.tensor(0), kernel.height, stride ? std::optional(stride->height) : std::nullopt,
                     padding.height, ceil, count_padding)};
}

std::vector<Tensor> batch_normalised(Call& call) {
  const Tensor mean = call.optional_tensor(1, "running_mean"), variance = call.optional_tensor(2, "running_var");
  const auto numbers = [](const Tensor& x) {
    return x ? std::vector<Real>(x.value().begin(), x.value().end()) : std::vector<Real>();
  };
  std::vector<Real> running_mean = numbers(mean), running_var = numbers(variance);
  return {batch_norm(call.tensor(0), running_mean, running_var, call.optional_tensor(3, "weight"),
                     call.optional_tensor(4, "bias"), call.flag(5, "training", false), call.number(6, "momentum", 0.1),
                     call.number(7, "eps", 1e-5))};
}

std::vector<Tensor> looked_up(Call& call) {
  const Tensor ids = call.tensor(0), weight = call.tensor(1, "weight");
  if (call.has(3, "max_norm") || call.flag(5, "scale_grad_by_freq", false)) throw Unexpressed{"max_norm and the like"};
  call.ignore(6, "sparse");
  std::optional<int> padding;
  if (call.has(2, "padding_idx")) padding = call.integer(2, "padding_idx");
  std::vector<int> dims(ids.shape().begin(), ids.shape().end());
  dims.push_back(weight.dim(1));
  return {reshape(embedding(weight, call.indices(0, "input"), padding), dims)};
}

/// softmax(q kᵀ / √E) v, and the weights, with a mask of what is allowed, or one that is added.
std::vector<Tensor> attended(Call& call) {
  const Tensor q = call.tensor(0), k = call.tensor(1, "key"), v = call.tensor(2, "value");
  if (call.number(4, "dropout_p", 0) != 0) throw Unexpressed{"random numbers of its own"};
  call.ignore(5, "need_attn_weights");
  const Tensor scores = matmul(q, transpose(k)) / std::sqrt(static_cast<Real>(q.dim(-1)));
  Tensor mask = call.optional_tensor(3, "attn_mask"), weights;
  bool is_allowed = call.is_mask(3, "attn_mask");
  if (call.flag(6, "is_causal", false)) {
    mask = ge(unsqueeze(arange(q.dim(-2)), 1), arange(k.dim(-2)));
    is_allowed = true;
  }
  if (mask) {
    weights = is_allowed ? softmax(scores, mask) : softmax(scores + mask);
  } else {
    weights = softmax(scores);
  }
  return {matmul(weights, v), weights};
}

}

void add_layers(Words& words) {
  words["nn.functional.one_hot"] = [](Call& call) -> std::vector<Tensor> {
    const Tensor rows = one_hot(call.indices(0, "input"), call.integer(1, "num_classes", -1));
    const Shape& shape = call.tensor(0).shape();
    std::vector<int> dims(shape.begin(), shape.end());
    dims.push_back(rows.dim(-1));
    return {reshape(rows, dims)};
  };
  words["nn.functional.layer_norm"] = [](Call& call) -> std::vector<Tensor> {
    return {layer_norm(call.tensor(0), call.integers(1, "normalized_shape"), call.optional_tensor(2, "weight"),
                       call.optional_tensor(3, "bias"), call.number(4, "eps", 1e-5))};
  };
  words["nn.functional.conv1d"] = convolution1d;
  words["nn.functional.conv2d"] = convolution2d;
  for (const char* name : {"nn.functional.max_pool1d", "nn.functional.max_pool2d"}) words[name] = largest;
  for (const char* name : {"nn.functional.avg_pool1d", "nn.functional.avg_pool2d"}) words[name] = means;
  words["nn.functional.batch_norm"] = batch_normalised;
  words["nn.functional.embedding"] = looked_up;
  words["nn.functional._scaled_dot_product_attention"] = attended;
  words["nn.functional.scaled_dot_product_attention"] = attended;
}

}
