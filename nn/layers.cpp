#include "nn/layers.h"

#include <algorithm>

#include "autograd/scratch.h"
#include "ops/elementwise.h"
#include "ops/fused/linear.h"
#include "ops/norm.h"
#include "ops/sequence/embedding.h"

namespace gradus::inline GRADUS_PRECISION {

Linear::Linear(Module* parent, std::string name, int in, int out, bool with_bias)
    : Module(parent, std::move(name)), weight{this, "weight", {out, in}, init::inverse_sqrt(in)} {
  if (with_bias) bias.emplace(this, "bias", Shape{out}, init::inverse_sqrt(in));
}

Tensor Linear::operator()(Tensor x) {
  const ModulePath here(path());
  return linear(x, weight, tensor_if_any(bias));
}

Tensor Linear::operator()(std::initializer_list<Tensor> parts) {
  const ModulePath here(path());
  Scratch scratch;
  return linear_sum(tensor_if_any(bias), terms_of({parts.begin(), parts.size()}, weight, scratch));
}

Tensor Linear::tanh(std::initializer_list<Tensor> parts) {
  const ModulePath here(path());
  Scratch scratch;
  return linear_sum_tanh(tensor_if_any(bias), terms_of({parts.begin(), parts.size()}, weight, scratch));
}

namespace {

/// N(0, 1), and zeros in one row, if there is one for padding.
Init table_rule(int count, std::optional<int> padding_idx) {
  if (!padding_idx) return init::normal();
  if (*padding_idx < -count || *padding_idx >= count) {
    fail("embedding: no such row: padding_idx is {}; need {} <= padding_idx < {}", *padding_idx, -count, count);
  }
  return [row = *padding_idx < 0 ? *padding_idx + count : *padding_idx](Array values, Rng& rng) {
    init::normal()(values, rng);
    std::fill_n(values.row(row), values.cols(), Real(0));
  };
}

}

Embedding::Embedding(Module* parent, std::string name, int count, int size, std::optional<int> padding_idx)
    : Module(parent, std::move(name)),
      padding_idx(padding_idx),
      weight{this, "weight", {count, size}, table_rule(count, padding_idx)} {}

Tensor Embedding::operator()(std::span<const int> ids) {
  const ModulePath here(path());
  return embedding(weight, ids, padding_idx);
}

Real detail::require_dropout(const Module& module, Real probability) {
  if (probability >= 0 && probability < 1) return probability;
  fail("dropout: bad probability: {}; need 0 <= probability < 1 [in {}]", probability, module.path());
}

Dropout::Dropout(Module* parent, std::string name, Real probability)
    : Module(parent, std::move(name)), probability(detail::require_dropout(*this, probability)) {}

Tensor Dropout::operator()(Tensor x) const {
  const ModulePath here(path());
  return training() && probability != 0 ? dropout(x, probability) : x;
}

LayerNorm::LayerNorm(Module* parent, std::string name, List<int> normalized_shape, Real epsilon,
                     bool elementwise_affine, bool with_bias)
    : Module(parent, std::move(name)), epsilon(epsilon), normalized_shape(normalized_shape) {
  if (!(epsilon >= 0)) fail("layer_norm: bad epsilon: {}; need 0 or more [in {}]", epsilon, path());
  if (elementwise_affine) weight.emplace(this, "weight", this->normalized_shape, init::constant(1));
  if (elementwise_affine && with_bias) bias.emplace(this, "bias", this->normalized_shape);
}

Tensor LayerNorm::operator()(Tensor x) {
  const ModulePath here(path());
  const List<int> axes(std::span(normalized_shape.begin(), static_cast<std::size_t>(normalized_shape.rank())));
  return layer_norm(x, axes, tensor_if_any(weight), tensor_if_any(bias), epsilon);
}

}
