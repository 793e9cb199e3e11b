#include "examples/captioner/image.h"

#include <algorithm>
#include <cmath>

namespace gradus::captioner {

namespace {

/// One axis of a box filter: calls add(to, from, share) for all pixels that overlap, the shares of each new one with
/// the sum 1.
template <class Add>
void each_overlap(int from_length, int to_length, Add add) {
  const double box = static_cast<double>(from_length) / to_length;
  for (int to = 0; to < to_length; ++to) {
    const double begin = to * box, end = begin + box;
    const int last = std::min(from_length, static_cast<int>(std::ceil(end)));
    for (int from = static_cast<int>(begin); from < last; ++from) {
      const double overlap = std::min(end, from + 1.0) - std::max<double>(begin, from);
      if (overlap > 0) add(to, from, overlap / box);
    }
  }
}

}

Image scaled(const Image& image, int width, int height) {
  if (width == image.width && height == image.height) return image;
  Image result(width, height);
  const std::size_t row = std::size_t(3) * std::size_t(width);
  std::vector<double> sums(row);  // of a new row
  int current = 0;
  const auto finish = [&] {
    std::ranges::transform(sums, result.at(0, current),
                           [](double level) { return static_cast<std::uint8_t>(std::lround(level)); });
    std::ranges::fill(sums, 0.0);
  };
  each_overlap(image.height, height, [&](int y, int from_y, double share_of_row) {
    if (y != current) finish();
    current = y;
    each_overlap(image.width, width, [&](int x, int from_x, double share) {
      for (int channel = 0; channel < 3; ++channel) {
        sums[std::size_t(3) * x + channel] += share_of_row * share * image.at(from_x, from_y)[channel];
      }
    });
  });
  finish();
  return result;
}

}
