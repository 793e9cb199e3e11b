#pragma once

#include <span>
#include <string>
#include <vector>

#include "autograd/real.h"
#include "examples/captioner/image.h"

namespace gradus::captioner {

/// What a panel shows: a picture as SVG, and its size there.
struct PanelPicture {
  double width, height;
  std::string svg;
};

/// The pixels one by one, which needs no libpng, of a small picture. Colours are rounded to twelve bits, which keeps it
/// small.
PanelPicture drawn_pixels(const Image& image);
/// The picture embedded as a PNG, scaled down if it is large. Throws Error without libpng.
PanelPicture embedded_png(const Image& image);

/// A word of a caption, and the weights of the patches when it was said.
struct PanelWord {
  std::string text;
  std::vector<Real> weights;  ///< (kPatches)
};

/// A self-contained SVG: the picture, and again for each word, darkened except for the patches that the word attended,
/// the most attended one fully lit (as in Xu et al. 2015, figure 2). The word stands below.
std::string panels_svg(const PanelPicture& picture, std::span<const PanelWord> words);

}
