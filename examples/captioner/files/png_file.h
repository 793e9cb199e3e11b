#pragma once

#include <string>
#include <string_view>

#include "examples/captioner/image.h"

/// PNG files, by libpng.

namespace gradus::captioner {

/// Whether the program was built with libpng. Without it the functions below throw Error, which says how to get it.
bool has_libpng();
void require_libpng();

/// The most pixels of a picture: as many as 8192 × 8192 have.
inline constexpr std::size_t kMostPixels = std::size_t(1) << 26;

/// Reads a file of any kind of PNG: grey, with a palette, of 16 bits, interlaced; what is transparent shows white
/// behind it. Throws Error, naming the file, for what is no PNG file, is cut off or damaged, and for more than
/// kMostPixels.
Image read_png(const std::string& path);
/// The picture of a file that holds these bytes, which errors call `path`.
Image decode_png(const std::string& path, std::string_view bytes);

/// The bytes of a PNG file.
std::string png_bytes(const Image& image);

}
