#pragma once

#include <string>
#include <string_view>

namespace gradus::translate {

/// What the bytes of these pictures hold near their beginning, as a chunk of text (PNG specification, 11.3.4.3).
inline constexpr std::string_view kPngMark{"tEXtSoftware\0Gradus", 19};

/// Whether Gradus was built with librsvg, and so can draw PNG pictures.
bool has_png();

/// An SVG picture as PNG, twice its size in pixels. Throws Error without librsvg, and for a picture that is too large.
std::string png_of(std::string_view svg);

}
