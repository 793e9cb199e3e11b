#pragma once

#include "examples/captioner/shapes/caption.h"

namespace gradus::captioner {

/// A drawn picture, and the only right caption of it.
struct Drawing {
  Picture picture;
  Caption caption;
};

/// So many drawings. Those of two seeds differ: noise does not come out alike in 3072 numbers.
std::vector<Drawing> make_drawings(std::uint64_t seed, int count, Combinations combinations);

/// What a model is to learn of the drawings, to which this refers.
std::vector<Example> examples_of(std::span<const Drawing> drawings);

/// How well drawings are described, as shares from 0 to 1.
struct Scores {
  double captions = 0;  ///< captions that are right word by word
  double words = 0;     ///< words of the right captions that the model says at the same place, </s> included
  double looks = 0;     ///< of those for a size, colour or form: the most attended patch shows the thing they name
};
Scores evaluate(Captioner& model, std::span<const Drawing> drawings);

}
