#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gradus::captioner {

/// A picture as numbers: rows of pixels from top to bottom, each of which is red, green, blue, from 0 to 255.
struct Image {
  Image() = default;
  /// All black.
  Image(int width, int height)
      : width(width), height(height), pixels(std::size_t(3) * std::size_t(width) * std::size_t(height)) {}

  const std::uint8_t* at(int x, int y) const { return &pixels[3 * (std::size_t(y) * std::size_t(width) + x)]; }
  std::uint8_t* at(int x, int y) { return &pixels[3 * (std::size_t(y) * std::size_t(width) + x)]; }

  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;  ///< (height, width, 3)
};

/// The picture in another size, by a box filter: each new pixel is the mean of the rectangle of old ones that it
/// covers, in which those at the rim count by the part that is covered.
Image scaled(const Image& image, int width, int height);

}
