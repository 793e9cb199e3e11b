#pragma once

#include <optional>

#include "nn/module.h"

/// The plain layers. Names, layouts and first values of their parameters are PyTorch's.

namespace gradus::inline GRADUS_PRECISION {

/// y = x Wᵀ + b.   x: (…, in) -> (…, out)
struct Linear : Module {
  Linear(Module* parent, std::string name, int in, int out, bool with_bias = true);
  Tensor operator()(Tensor x);
  /// y = x Wᵀ + b for x = [parts_0; parts_1; …], which are not copied together.   parts: (N, in_i) -> (N, out)
  Tensor operator()(std::initializer_list<Tensor> parts);
  /// tanh of it, as one op.
  Tensor tanh(std::initializer_list<Tensor> parts);

  Parameter weight;               ///< (out, in)
  std::optional<Parameter> bias;  ///< (out)
};

/// A table of vectors by number: y[i] = weight[ids[i]].   ids: (N) -> (N, size)
struct Embedding : Module {
  /// The row `padding_idx`, counted from the end if negative, is zeros at first and is not trained.
  Embedding(Module* parent, std::string name, int count, int size, std::optional<int> padding_idx = {});
  Tensor operator()(std::span<const int> ids);

  std::optional<int> padding_idx;  ///< counted from the front
  Parameter weight;                ///< (count, size)
};

namespace detail {
/// The probability, for a layer to keep. Throws, naming the module, unless it is in [0, 1).
Real require_dropout(const Module& module, Real probability);
}

/// Inverted dropout in training mode (`dropout` in ops/elementwise.h), nothing in evaluation mode.
struct Dropout : Module {
  Dropout(Module* parent, std::string name, Real probability);
  Tensor operator()(Tensor x) const;

  Real probability;  ///< in [0, 1)
};

/// Normalisation to mean 0 and variance 1 along the last axes, which have the lengths `normalized_shape`, then a scale
/// and a shift of each of their numbers (`layer_norm` in ops/norm.h), unless it is not affine.   x: (…, size) -> (…,
/// size)
struct LayerNorm : Module {
  LayerNorm(Module* parent, std::string name, List<int> normalized_shape, Real epsilon = Real(1e-5),
            bool elementwise_affine = true, bool with_bias = true);
  Tensor operator()(Tensor x);

  Real epsilon;                     ///< added to the variance
  Shape normalized_shape;           ///< that of the constructor
  std::optional<Parameter> weight;  ///< ones at first
  std::optional<Parameter> bias;    ///< zeros at first
};

}
