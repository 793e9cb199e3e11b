#include "nn/layers.h"

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
  return linear(x, weight, bias ? bias->tensor() : Tensor());
}

Tensor Linear::operator()(std::initializer_list<Tensor> parts) {
  const ModulePath here(path());
  Scratch scratch;
  return linear_sum(bias ? bias->tensor() : Tensor(), terms_of({parts.begin(), parts.size()}, weight, scratch));
}

Tensor Linear::tanh(std::initializer_list<Tensor> parts) {
  const ModulePath here(path());
  Scratch scratch;
  return linear_sum_tanh(bias ? bias->tensor() : Tensor(), terms_of({parts.begin(), parts.size()}, weight, scratch));
}

Embedding::Embedding(Module* parent, std::string name, int count, int size)
    : Module(parent, std::move(name)), weight{this, "weight", {count, size}, init::normal()} {}

Tensor Embedding::operator()(std::span<const int> ids) {
  const ModulePath here(path());
  return embedding(weight, ids);
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

LayerNorm::LayerNorm(Module* parent, std::string name, int size, Real epsilon)
    : Module(parent, std::move(name)),
      epsilon(epsilon),
      weight{this, "weight", {size}, init::constant(1)},
      bias{this, "bias", {size}} {
  if (!(epsilon >= 0)) fail("layer_norm: bad epsilon: {}; need 0 or more [in {}]", epsilon, path());
}

Tensor LayerNorm::operator()(Tensor x) {
  const ModulePath here(path());
  return layer_norm(x, weight, bias, epsilon);
}

}
