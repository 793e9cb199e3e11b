#pragma once

#include <memory>
#include <span>

#include "examples/captioner/config.h"
#include "examples/captioner/image.h"
#include "nn/containers/sequential.h"
#include "nn/layers.h"

namespace gradus::captioner {

/// What makes of each picture L = kPatches annotation vectors a_i of size D, each of a part of it, row by row (Xu et
/// al. 2015, section 3.1.1): a_i = tanh(W f_i + b + p_i), where p_i is learned, of the place alone, and the features
/// f_i are what kinds of encoders differ in.
///
/// A departure: it is small and trained with the rest, where theirs is a large one trained on photographs before.
class Encoder : public Module {
 public:
  /// All pictures have `CaptionerConfig::side` pixels on each side.   (B) -> (B, L, D)
  Tensor operator()(std::span<const Image* const> pictures);

 protected:
  Encoder(Module* parent, std::string name, const CaptionerConfig& config);
  /// (B) -> (B, L, F)
  virtual Tensor features(std::span<const Image* const> pictures) = 0;

 private:
  Linear annotation_;
  Parameter position_;
};

/// Each patch for itself: f_i = relu(W x_i + b) of the pixels x_i of a window of three patches on each side, with patch
/// i in the middle. A linear layer on windows is a convolution whose stride is the side of a patch.
class PatchEncoder : public Encoder {
 public:
  PatchEncoder(Module* parent, std::string name, const CaptionerConfig& config);

 private:
  Tensor features(std::span<const Image* const> pictures) override;

  int patch_, window_side_;  // pixels
  Linear window_;
};

/// A convolutional network after Simonyan, Zisserman 2014, as theirs is: convolutions of 3 × 3 with relu, and between
/// each two the maxima of 2 × 2, until a grid of patches is left. It begins with 16 channels, and has twice as many
/// after each pooling, but no more than F, which it ends with. The features of each patch are normalised at the end:
/// without that hardly anything is learned in 1000 steps, since the signal fades from layer to layer. (To normalise by
/// the batch would be to do so by each shard of a step; see nn/convolution/batch_norm.h.)
class ConvolutionEncoder : public Encoder {
 public:
  ConvolutionEncoder(Module* parent, std::string name, const CaptionerConfig& config);

 private:
  Tensor features(std::span<const Image* const> pictures) override;

  Sequential net_;
  LayerNorm norm_;
};

std::unique_ptr<Encoder> make_encoder(Module* parent, std::string name, const CaptionerConfig& config);

}
