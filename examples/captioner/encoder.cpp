#include "examples/captioner/encoder.h"

#include <algorithm>

#include "nn/convolution/convolution.h"
#include "nn/convolution/pooling.h"
#include "ops/elementwise.h"
#include "ops/layout.h"

namespace gradus::captioner {

namespace {

/// With these numbers the pixels of drawn pictures have a mean of about 0 and a variance of about 1.
Real number_of(int level) { return static_cast<Real>(level - 64) / 64; }

/// Windows of `window` pixels on a side around all patches, of `patch` pixels, with zeros outside of the picture.   ->
/// (B, L, window² · 3)
Tensor windows(std::span<const Image* const> pictures, int patch, int window) {
  Tensor result = full({static_cast<int>(pictures.size()), kPatches, window * window * 3}, 0);
  Real* row = result.value().data;
  for (const Image* picture : pictures) {
    for (int i = 0; i < kPatches; ++i) {
      const int left = i % kGrid * patch - (window - patch) / 2, top = i / kGrid * patch - (window - patch) / 2;
      const int begin = std::max(left, 0), count = std::min(left + window, picture->width) - begin;
      for (int y = top; y < top + window; ++y, row += window * 3) {
        if (y < 0 || y >= picture->height) continue;
        std::transform(picture->at(begin, y), picture->at(begin, y) + count * 3, row + (begin - left) * 3, number_of);
      }
    }
  }
  return result;
}

/// The colours apart, as convolutions read them.   -> (B, 3, side, side)
Tensor planes(std::span<const Image* const> pictures) {
  const int side = pictures.front()->width;
  Tensor result = full({static_cast<int>(pictures.size()), 3, side, side}, 0);
  Real* number = result.value().data;
  for (const Image* picture : pictures) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      for (std::size_t i = channel; i < picture->pixels.size(); i += 3) *number++ = number_of(picture->pixels[i]);
    }
  }
  return result;
}

}

Encoder::Encoder(Module* parent, std::string name, const CaptionerConfig& config)
    : Module(parent, std::move(name)),
      annotation_(this, "annotation", config.features, config.annotation),
      position_(this, "position", {kPatches, config.annotation}, init::normal(0, 0.1)) {}

Tensor Encoder::operator()(std::span<const Image* const> pictures) {
  return tanh(annotation_(features(pictures)) + position_);
}

PatchEncoder::PatchEncoder(Module* parent, std::string name, const CaptionerConfig& config)
    : Encoder(parent, std::move(name), config),
      patch_(config.side / kGrid),
      window_side_(3 * patch_),
      window_(this, "window", window_side_ * window_side_ * 3, config.features) {}

Tensor PatchEncoder::features(std::span<const Image* const> pictures) {
  return relu(window_(windows(pictures, patch_, window_side_)));
}

ConvolutionEncoder::ConvolutionEncoder(Module* parent, std::string name, const CaptionerConfig& config)
    : Encoder(parent, std::move(name), config), net_(this, "net"), norm_(this, "norm", {config.features}) {
  constexpr int kFirst = 16;
  int channels = 3;
  for (int stage = 0; stage <= config.halvings(); ++stage) {
    if (stage > 0) net_.add<MaxPool2d>(2);
    const int wider = stage < config.halvings() ? std::min(kFirst << stage, config.features.value) : config.features;
    net_.add<Conv2d>(channels, wider, 3, ConvolutionOptions{.padding = 1});
    net_.add(relu);
    channels = wider;
  }
}

Tensor ConvolutionEncoder::features(std::span<const Image* const> pictures) {
  const Tensor grid = net_(planes(pictures));                                    // (B, F, kGrid, kGrid)
  return norm_(transpose(reshape(grid, {grid.dim(0), grid.dim(1), kPatches})));  // (B, L, F)
}

std::unique_ptr<Encoder> make_encoder(Module* parent, std::string name, const CaptionerConfig& config) {
  config.check();
  if (config.encoder == EncoderKind::Convolution)
    return std::make_unique<ConvolutionEncoder>(parent, std::move(name), config);
  return std::make_unique<PatchEncoder>(parent, std::move(name), config);
}

}
