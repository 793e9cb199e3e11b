#pragma once

#include <string>

#include "examples/captioner/model.h"

namespace gradus::captioner {

/// A self-contained SVG: the picture, and again for each word, darkened except for the patches that the word attended,
/// the most attended one fully lit (as in Xu et al. 2015, figure 2). The word stands below. Colours are rounded to
/// twelve bits, which keeps it small.
std::string panels_svg(const Picture& picture, const Description& description);

}
