#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace gradus::translate {

struct Colour {
  int red, green, blue;
};

/// Colours at even distances from weight 0 to weight 1; those between are mixed. Lightness runs one way only, so that
/// more weight always looks like more, also in grey and to colour-blind eyes.
using ColourScale = std::array<Colour, 5>;

/// From dark to bright, for the cells of a terminal, whose background is most often dark.
inline constexpr ColourScale kNightScale = {
    {{26, 28, 44}, {38, 70, 112}, {28, 126, 134}, {112, 190, 110}, {252, 232, 110}}};

/// From paper to ink.
inline constexpr ColourScale kPaperScale = {
    {{246, 248, 251}, {193, 216, 236}, {112, 168, 214}, {42, 106, 170}, {14, 46, 92}}};

/// `weight` from 0 to 1.
inline Colour colour_at(const ColourScale& scale, float weight) {
  const float position = weight * static_cast<float>(scale.size() - 1);
  const size_t below = std::min(static_cast<size_t>(position), scale.size() - 2);
  const float part = position - static_cast<float>(below);
  const auto mix = [&](int Colour::*channel) {
    const auto from = static_cast<float>(scale[below].*channel), to = static_cast<float>(scale[below + 1].*channel);
    return static_cast<int>(std::lround(from + part * (to - from)));
  };
  return {mix(&Colour::red), mix(&Colour::green), mix(&Colour::blue)};
}

/// True when dark text reads better than light text on `colour` (its luma is in the upper half).
inline bool is_bright(Colour colour) { return 299 * colour.red + 587 * colour.green + 114 * colour.blue > 127'500; }

}
