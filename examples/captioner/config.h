#pragma once

#include <cstdint>

#include "examples/translate/config/field.h"

namespace gradus::captioner {

/// Attention looks at the patches of a picture, kGrid × kGrid of them, row by row.
inline constexpr int kGrid = 8, kPatches = kGrid * kGrid;

/// What makes annotations of a picture (encoder.h).
enum class EncoderKind { Patches, Convolution };

}

template <>
inline constexpr std::array gradus::translate::kChoices<gradus::captioner::EncoderKind>{"patches", "convolution"};

namespace gradus::captioner {

/// What decides what a captioner computes, and how it is trained: F is the number of `features`, D the size of an
/// `annotation`, m of a `word`, n of the state (`hidden`).
struct CaptionerConfig : translate::FieldGroup {
  template <class T>
  using Field = translate::Field<T>;

  CaptionerConfig() : FieldGroup("Model and training") {}
  /// Throws Error for a value that makes no model.
  void check() const;
  /// How often a picture is halved until it has the size of the grid.
  int halvings() const;

  Field<EncoderKind> encoder{this, "encoder", EncoderKind::Patches,
                             "What looks at a picture. patches: a layer at each of 8 x 8 patches, which sees its "
                             "neighbours; convolution: a convolutional network, slower, for what takes more than that"};
  Field<int> side{this, "side", 32,
                  "Pixels on each side that pictures are scaled to. 16, 32, 64, 128 or 256: 8, doubled some times",
                  translate::range(16, 256)};
  Field<int> features{this, "features", 128, "Features of a patch, before the annotations",
                      translate::range(1, 1 << 12)};
  Field<int> annotation{this, "annotation", 64, "Size of the annotations, and of the attention's layer",
                        translate::range(1, 1 << 12)};
  Field<int> word{this, "word", 32, "Size of the word vectors", translate::range(1, 1 << 12)};
  Field<int> hidden{this, "hidden", 128, "Size of the recurrent state", translate::range(1, 1 << 12)};
  Field<int> steps{this, "steps", 6000, "Steps of training", translate::range(1, 1'000'000)};
  Field<int> batch{this, "batch", 32, "Captions of a step", translate::range(1, 10'000)};
  Field<double> learning_rate{this, "learning_rate", 2e-3, "Learning rate of the first steps", translate::above(0, 10)};
  Field<int> max_words{this, "max_words", 50, "Words of a caption at most", translate::range(1, 1000)};
  Field<int> min_frequency{this, "min_frequency", 1, "Words that are rarer in the captions become <unk>",
                           translate::range(1, 1'000'000)};
  Field<std::uint64_t> seed{this, "seed", 1, "Seed of first values and batches", translate::range(0, 0x1p64)};
};

}
